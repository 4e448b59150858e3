"""Studies beside the suite: searches that test its bounds, long runs, and writers of pages and figures.

`python -m studies -h` lists them. They are not installed, but run from a clone; docs/records keeps their output.
"""
