"""How fast tf_gru is, beside its peers, on this machine: python -m benchmarks.

Reading order: rows (what is measured), peers/ (each GRU as a program to be called), children and schedule (one process
for each framework, one of them awake at a time), verify (nothing wrong is timed), statistics, record, then table, page
and plot, which only show a record.
"""
