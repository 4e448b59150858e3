"""Other projects' own GRU tests, run on our mutants: which of them notice.

python -m studies peers writes docs/records/peers.json and docs/peers.md and prints the table. Each suite keeps its own
data, its own runner and its own tolerances; an adapter here only hands its questions to a mutant.
"""
