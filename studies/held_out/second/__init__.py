"""The second set: 66 wrong GRUs, by an author who had seen neither what draws the cases nor the first set."""
