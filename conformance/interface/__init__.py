"""Data that pass between the suite and a GRU: a case, its answer, declarations; their numbers and schemas in JSON."""
