"""Check each clause on the answers of a GRU, and reach a verdict.

conformance/specification.py contains the sentence of each clause, `clauses` its check. `steps` and `runs` compute
margins, `judgement` collects them, and `verdict` counts them.
"""
