"""The GRU as a TensorFlow function and as Keras layers.

`gru` runs a whole sequence as one differentiable function. `GRUCell`, `GRU` and `BiGRU` are Keras layers. `from_keras`
rebuilds a model of Keras' layers, or of Keras 2, with these layers, and `to_keras` rebuilds it with Keras' layers.
"""

try:
    import tensorflow as _tensorflow  # noqa: F401  (imported here, so that one line reports it if missing)
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
