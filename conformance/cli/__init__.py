"""The command line, with one file for each command.

`report` formats the results; their numbers come from conformance/checks.
"""
