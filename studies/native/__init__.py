"""The native kernel in other builds: with sanitizers, and with one fault each.

Left out: the kernel's own tests (see tests/tf_gru), and the compiler's options, which setup.py holds.
"""
