"""The form of a graph that leaves TensorFlow: `tracing` detects the runtime that it is traced for.

tf_gru/sequence.py takes LiteRT's form from `litert`; tf_gru/kernels/choice.py leaves out the kernels that cannot be
exported. A SavedModel and ONNX contain the usual loop of `tf_gru/kernels`, whose form tf2onnx converts correctly.
LiteRT has no lists with an unknown number of rows; `litert` writes the sequence without them.
"""

from tf_gru.export.tracing import exporting_to, tracing_for

__all__ = ["exporting_to", "tracing_for"]
