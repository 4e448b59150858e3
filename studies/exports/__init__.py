"""Export every kind of model in every way: an exported model must compute the result of `predict`, or be refused.

Reading order: cells (combinations), models (the model of a cell), ways (export and run), within (allowed outputs),
examine (one cell), run (many cells, each in a child process that may die), page.
"""
