"""Data that pass between the suite and a GRU: a case, its answer, a GRU's declarations, and the schemas of all JSON."""
