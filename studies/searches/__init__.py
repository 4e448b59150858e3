"""Searches, exhaustive or random, for the worst case of each lemma and bound in conformance/bounds."""
