"""Models with our layers for other runtimes: the runtime that a graph is traced for, and the form that it takes there.

A SavedModel holds the usual loop. Converters to other formats know fewer operators than TensorFlow has, and rewrite
some of them into others that read what is masked; `converted` writes the sequence in operators that these keep.
"""

from tf_gru.export.tracing import exporting_to, tracing_for

__all__ = ["exporting_to", "tracing_for"]
