"""Models with our layers for other runtimes: detect the runtime that a graph is traced for, and write its form there.

A SavedModel and ONNX contain the usual loop of `tf_gru/kernels`, whose form tf2onnx converts correctly. LiteRT has no
lists with an unknown number of rows; `litert` writes the sequence without them.
"""

from tf_gru.export.tracing import exporting_to, tracing_for

__all__ = ["exporting_to", "tracing_for"]
