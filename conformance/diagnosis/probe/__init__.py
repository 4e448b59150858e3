"""The errors of a GRU's sigmoid and tanh, measured alone in units in the last place."""
