"""Test that every exported model computes the result of `predict`, or is refused.

Reading order: cells (combinations), models (the model of a cell), ways (export and run), within (allowed outputs),
examine (one cell), run (many cells, each in a child process that may die), page.
"""
