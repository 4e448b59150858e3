"""The facts about a call when it is made or traced, for `choice`."""

import keras
import tensorflow as tf

from tf_gru import native, private_tensorflow
from tf_gru.export.tracing import TARGETS, tracing_for
from tf_gru.kernels import choice
from tf_gru.kernels.choice import Facts
from tf_gru.static_shape import static_shape

ACTIVATIONS = ((keras.activations.tanh, tf.tanh), (keras.activations.sigmoid, tf.sigmoid))


def of_call(
    inputs: tf.Tensor,  # batch time input_dim
    h: tf.Tensor,  # batch units
    weights: tuple,
    *,
    reset: str,
    activations: tuple,
    scales: tuple,
    unroll: bool,
    fused: bool,
    jit: bool | str,
    recompute: bool,
    use_cudnn: bool | str,
    use_native: bool | str,
) -> Facts:
    """The facts of a call to `gru`."""
    batch, time = static_shape(inputs)[:2]
    target = tracing_for()
    return Facts(
        reset=reset,
        dtype=inputs.dtype.name,
        batch=batch,
        time=time,
        caller=caller(),
        unwritten=_unwritten(activations, scales, unroll, fused),
        unroll=unroll,
        derivative=_derivative([each for each in (inputs, h, *weights) if each is not None]),
        exported=None if target is None else TARGETS[target].name,
        device=placement(),
        gpu=gpu_is_visible(),
        xla=tf.test.is_built_with_xla(),
        without_native=native.missing(),
        distributed=tf.distribute.has_strategy(),
        mapped=private_tensorflow.maps_rows(),
        jit=jit,
        recompute=recompute,
        use_cudnn=use_cudnn,
        use_native=use_native,
    )


def gpu_is_visible() -> bool:
    """True if TensorFlow sees a GPU and uses CUDA."""
    return tf.test.is_built_with_cuda() and bool(tf.config.get_visible_devices("GPU"))


def caller() -> str:
    """The kind of caller: EAGER, GRAPH, XLA, GRAPH_OR_XLA or TENSORFLOW_1 of `choice`."""
    if tf.executing_eagerly():
        return choice.EAGER
    with tf.init_scope():
        session = not tf.executing_eagerly()
    if session or not tf.inside_function():
        return choice.TENSORFLOW_1
    return {True: choice.XLA, False: choice.GRAPH, None: choice.GRAPH_OR_XLA}[private_tensorflow.xla_compiles()]


def placement() -> str | None:
    """The kind of device for a call's operators, "" if that is open, None if TensorFlow does not tell."""
    inner = "" if tf.executing_eagerly() else tf.zeros(()).device
    device = inner or private_tensorflow.outer_device()
    return None if device is None else tf.DeviceSpec.from_string(device).device_type or ""


def _unwritten(activations, scales, unroll: bool, fused: bool) -> str | None:
    """The part of the call without a hand-written derivative, in words, or None."""
    known = all(given in names for given, names in zip(activations, ACTIVATIONS, strict=True))
    cases = {
        "activations other than tanh and sigmoid": not known,
        "dropout masks": any(scale is not None for scale in scales),
        "unroll=True": unroll,
        "a product for each gate (fused=False, implementation=1)": not fused,
    }
    return next((words for words, met in cases.items() if met), None)


def _derivative(tensors: list[tf.Tensor]) -> str | None:
    """The derivative under way that not every kernel supports, in words, or None."""
    forward, higher = private_tensorflow.under_forward_mode(tensors), private_tensorflow.of_higher_order(tensors)
    if None in (forward, higher):
        return choice.UNKNOWN
    if not forward:
        return choice.SECOND if higher else None
    if tf.executing_eagerly():
        return choice.FORWARD
    return choice.BOTH_IN_A_GRAPH if higher else choice.FORWARD_IN_A_GRAPH
