"""From one answer to a verdict: a check for each clause, the judge that asks it, and verdicts, which reports show.

A clause's sentence stands in conformance/specification.py, its check in `clauses`. A margin is computed in `steps` or
`runs`, kept in `judgement`, and counted in `verdict`.
"""
