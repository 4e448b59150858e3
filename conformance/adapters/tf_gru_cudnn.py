"""tf_gru's layers on an NVIDIA GPU: cuDNN's kernel for every call that it supports, called eagerly.

If TensorFlow sees no such GPU, no format is declared, with this reason. The claim follows TensorFlow's TF32 setting
when this module is imported. The claimed accuracy of activations comes from documents, not yet from a measurement.
"""

from functools import partial

import tensorflow as tf

from conformance.adapters.keras_layers import KerasLayers
from conformance.adapters.tf_gru import build, call_arguments, capabilities
from conformance.interface.arithmetic import Arithmetic
from tf_gru.kernels.facts import gpu_is_visible

CUDA = "CUDA's documents: tanhf and expf within 2 ULP, tanh and exp within 1; of cuDNN's own sums and gates, nothing"
NO_GPU = "TensorFlow sees no NVIDIA GPU"
ONE_PLACE = "cuDNN's GRU resets after the product only"


def arithmetic(*, tf32: bool) -> dict[str, Arithmetic]:
    """The claims with float32 products in TF32, and without."""
    products = {"products": "tf32", "rounding": "any"} if tf32 else {}
    shared = {"activation": "8 ULP above 2u", "summation": "any order", "source": CUDA}
    return {
        "float32": Arithmetic(dtype="float32", flush=True, **shared, **products),
        "float64": Arithmetic(dtype="float64", **shared),
    }


def _claims() -> dict[str, Arithmetic]:
    return arithmetic(tf32=tf.config.experimental.tensor_float_32_execution_enabled()) if gpu_is_visible() else {}


cudnn = KerasLayers(
    "eager",
    partial(build, use_cudnn=True),
    call_arguments,
    capabilities(
        "eager",
        arithmetic=_claims(),
        resets=("after",),
        because={
            **dict.fromkeys(("reset before", "reset none"), ONE_PLACE),
            **dict.fromkeys(("float32", "float64"), NO_GPU),
        },
    ),
    ("tf-gru", "tensorflow", "keras"),
)
