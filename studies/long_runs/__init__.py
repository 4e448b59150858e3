"""Runs of hours: false alarms, emulated steps, confusion of known mistakes."""
