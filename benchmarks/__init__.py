"""The speed of tf_gru and its peers on this machine: python -m benchmarks.

Reading order: rows (the measured calls), problem (the numbers of a row), peers/ (each GRU as a program), children and
schedule (one process for each framework, only one of them awake at a time), verify (no wrong result is timed), measure
(all of these, for one row), statistics, record, then tables, aims, page and plot, which only show a record. Beside them
stand new_shapes (the cost of a first call with a shape), many_shapes (the cost of many shapes beside Keras) and c_entry
(the native library without TensorFlow).
"""
