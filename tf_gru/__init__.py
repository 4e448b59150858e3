"""The GRU as a TensorFlow function and as Keras layers.

`gru` is a whole sequence as one differentiable function; `GRUCell`, `GRU` and `BiGRU` are its Keras faces, and
`from_keras` makes a model of Keras' layers, or of Keras 2, again with these, and `to_keras` goes back.
"""

try:
    import tensorflow as _tensorflow  # noqa: F401  (asked for here, so that its absence is named in one line)
except ModuleNotFoundError as missing:
    if missing.name != "tensorflow":
        raise
    raise ImportError("tf_gru needs TensorFlow: pip install 'tf-gru[tf]'") from None

import keras as _keras

if _keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"tf_gru needs Keras on TensorFlow, but Keras runs on {_keras.backend.backend()!r}: "
        "set KERAS_BACKEND=tensorflow before anything imports keras"
    )

from tf_gru.as_keras import to_keras
from tf_gru.bidirectional import BiGRU
from tf_gru.cell import GRUCell
from tf_gru.conversion import from_keras
from tf_gru.layer import GRU
from tf_gru.sequence import gru

__all__ = ["GRU", "BiGRU", "GRUCell", "from_keras", "gru", "to_keras"]
