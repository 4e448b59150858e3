"""The kill matrix: which check, and which golden vector, catches which wrong GRU.

Reading order: same (what need not be judged again), cells (one cell), columns (all of them, in processes), record (the
JSON in docs/records), facts (what follows from it), then show (terminal), page (Markdown) and figure (SVG).
"""
