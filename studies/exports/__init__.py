"""What leaves the process is what `predict` gave, or was refused: every way to take a model away, on many models.

Reading order: cells (what is crossed), models (what a cell is of), ways (how it is taken away and run), within (what it
may give), examine (one cell), run (many, each in a child that may die), page.
"""
