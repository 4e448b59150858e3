"""Other projects' own GRU tests, run on our mutants, to count the mutants that they detect.

`python -m studies peers` writes docs/records/peers.json and docs/peers.md and prints the table. Each suite keeps its
own data, runner and tolerances; an adapter here only passes its inputs to a mutant.
"""
