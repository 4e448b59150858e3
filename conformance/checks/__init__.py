"""From an answer to a verdict: a check for each clause, the judge that runs it, and the verdicts of a report.

conformance/specification.py contains the sentence of each clause, `clauses` its check. `steps` and `runs` compute
margins, `judgement` collects them, and `verdict` counts them.
"""
