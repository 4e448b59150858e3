"""Measured errors of a GRU's sigmoid and tanh alone, in units in the last place."""
