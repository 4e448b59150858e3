"""Floating-point formats, sums and activations emulated bit for bit, and a GRU over them, for studies of bounds."""
