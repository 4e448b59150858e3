"""Models with our layers for other runtimes: within `exporting_to`, Keras' own `model.export` converts them.

A SavedModel needs nothing of this. Converters to other formats know fewer operators than TensorFlow has, and rewrite
some of them into others that read what is masked; there the layers are traced in the form of `tf_gru.export.sequence`.
"""

import contextlib
from collections.abc import Iterator
from functools import partial

import tf_gru.layer
from tf_gru.arguments import check_choice
from tf_gru.export.loops import LOOPS
from tf_gru.export.sequence import gru

__all__ = ["exporting_to", "gru"]


@contextlib.contextmanager
def exporting_to(target: str) -> Iterator[None]:
    """Within it `GRU` and `BiGRU` are traced in a form that the converter to a target takes whole.

    target: "onnx" (tf2onnx, which `model.export(path, format="onnx")` runs) or "litert" (built-in operators alone).

    What is traced in it infers: it has no gradient. One thread at a time; others would trace this form meanwhile.
    """
    check_choice("target", target, tuple(LOOPS))
    layers = tf_gru.layer
    usual = layers.gru
    layers.gru = partial(gru, loop=LOOPS[target])
    try:
        yield
    finally:
        layers.gru = usual
