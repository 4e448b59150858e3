"""What passes between the suite and a GRU: a case, its answer, what a GRU declares, and the schemas of all JSON."""
