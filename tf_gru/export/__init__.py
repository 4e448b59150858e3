"""Models with our layers for other runtimes: the runtime that a graph is traced for, and the form that it takes there.

A SavedModel and ONNX hold the usual loop of `tf_gru/kernels`, which is written so that tf2onnx keeps what it means.
LiteRT has no lists of rows whose number is unknown; `litert` writes the sequence without them.
"""

from tf_gru.export.tracing import exporting_to, tracing_for

__all__ = ["exporting_to", "tracing_for"]
