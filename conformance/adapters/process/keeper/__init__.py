"""A separate program, run by its path: python conformance/adapters/process/keeper."""
