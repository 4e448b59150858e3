"""Models with our layers for other runtimes: within `exporting_to`, Keras' own `model.export` converts them.

A SavedModel needs nothing of this. Converters to other formats know fewer operators than TensorFlow has, and rewrite
some of them into others that read what is masked; there the layers are traced in the form of `tf_gru.export.sequence`.
"""

import contextlib
from collections.abc import Iterator
from functools import partial

from tf_gru.arguments import check_choice
from tf_gru.export.loops import scan_outputs, updated_slices
from tf_gru.export.sequence import gru
from tf_gru.form import FORM, Form

__all__ = ["exporting_to", "gru"]

FORMS = {
    "onnx": Form(partial(gru, loop=scan_outputs), target="ONNX", keeps_states=False),
    "litert": Form(partial(gru, loop=updated_slices), target="LiteRT", dtypes=("float32",)),
}


@contextlib.contextmanager
def exporting_to(target: str) -> Iterator[None]:
    """Within it `GRU` and `BiGRU` are traced in a form that the converter to a target takes whole.

    target: "onnx" (tf2onnx, which `model.export(path, format="onnx")` runs) or "litert" (built-in operators alone).

    What is traced in it infers: it has no gradient. Other threads trace the usual form meanwhile.

    Raises ValueError for another target, and where a layer is traced that the target cannot hold: a stateful one for
    ONNX, one not in float32 for LiteRT.
    """
    check_choice("target", target, tuple(FORMS))
    usual = FORM.set(FORMS[target])
    try:
        yield
    finally:
        FORM.reset(usual)
