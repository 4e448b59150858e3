"""A program of its own, run by its path: python conformance/adapters/process/keeper."""
