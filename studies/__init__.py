"""Studies beside the suite: searches that test its bounds, long runs, and what writes pages and figures.

`python -m studies -h` lists them. Not installed: they are run from a clone, and what they printed is in docs/records.
"""
