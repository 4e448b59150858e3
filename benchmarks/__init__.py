"""How fast tf_gru is, beside its peers, on this machine: python -m benchmarks.

Reading order: rows (what is measured), problem (the numbers of a row), peers/ (each GRU as a program to be called),
children and schedule (one process for each framework, one of them awake at a time), verify (nothing wrong is timed),
measure (all of these, for one row), statistics, record, then tables, aims, page and plot, which only show a record.
Beside them stands parts: where the time of a forward call goes.
"""
