"""The first set: 89 wrong GRUs, whose survivors showed gaps in what the suite draws."""
