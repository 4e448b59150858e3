"""The golden vectors, read once for all tests of a process."""

from conformance.vectors import files

STORED = files.stored()
