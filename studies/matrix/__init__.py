"""The kill matrix: the checks and the golden vectors that catch each wrong GRU.

Reading order: same (subjects that need no judging), cells (one cell), columns (all of them, in processes), record (the
JSON in docs/records), facts (conclusions), then show (terminal), page (Markdown) and figure (SVG).
"""
