"""From one answer to a verdict: a check for each clause, the judge that draws cases for it, and verdicts as data."""
