"""Two sets of wrong GRUs by authors who had not read what draws the cases, and the verdicts of the suite on them."""
