"""Which kernel runs a call, in one place.

`cudnn` runs, unless use_cudnn=False, where an NVIDIA GPU is visible, and on it, reset after the product, with tanh and
sigmoid, in float16, float32 and float64, and without what the next list names. It does not where jit=True or
recompute=True asks for another kernel, and not in a function that XLA compiles, which has no such op. It wants rows
that are padded on the right and have a step: in eager and in graphs alike each call looks at its mask, and if that is
another, another kernel runs. use_cudnn=True refuses whatever can be seen here, but leaves that choice to each call.

Of the rest `autodiff` runs
- what has no derivative written by hand: activations other than sigmoid and tanh, dropout masks, `unroll`, a product
  for each gate, and sequences that are known to have no steps;
- second derivatives, which nested and persistent tapes announce, and forward mode in eager;
- graphs of TensorFlow 1.
Of the rest jit=True is compiled by XLA, jit=False is a loop, and jit="auto" is compiled where
- this TensorFlow has XLA, and so has the device, a CPU, a GPU or a TPU;
- time is known, as it is to every eager call, and not to a graph traced for sequences of any length;
- it is SHORTEST or longer: compiling takes as long as running a shorter sequence a thousand times;
- its batch and time are among the first SHAPES that this kernel is traced for, for each is compiled. Batches padded to
  a few lengths (tf.data.Dataset.bucket_by_sequence_length) stay below that. A graph that is traced for any batch is one
  of them, and is compiled for each batch that it gets: these are not counted.
It is a loop otherwise, and under forward mode in a graph. A caller's own jit_compile=True compiles any of them into
the caller's function. Forward mode of a gradient, or the reverse, in one graph is refused: TensorFlow's would be wrong.

Not to be seen from here is a derivative of second order or of forward mode that is taken outside the tf.function that
calls. cuDNN's kernel refuses it in words; the compiled one has second derivatives there, and TensorFlow refuses what it
cannot do: forward mode, and either around a function with jit_compile=True. With use_cudnn=False, jit=False and no
jit_compile, forward mode works too.
"""

from collections import defaultdict

import keras
import tensorflow as tf
from tensorflow.python.eager import (
    context,  # no public name says where `tf.device` puts an operator,
    forwardprop_util,  # nor whether forward mode is under way,
)
from tensorflow.python.ops import gradients_util  # nor how many tapes watch

from tf_gru.kernels import autodiff, cudnn, traced
from tf_gru.kernels.recurrence import Plan, Weights
from tf_gru.static_shape import static_shape

SHORTEST = 16

SHAPES = 16
"""Of one kernel, in one process: at a second or so for each, a quarter of a minute if all are trained on."""

ACTIVATIONS = ((keras.activations.tanh, tf.tanh), (keras.activations.sigmoid, tf.sigmoid))
DEVICES = (None, "CPU", "GPU", "TPU")
HIGHER_ORDER = 2  # what TensorFlow calls it

_met: defaultdict[tuple, set] = defaultdict(set)


def run(
    inputs: tf.Tensor,  # batch time input_dim
    h: tf.Tensor,  # batch units
    weights: tuple,  # kernel, recurrent kernel, the inputs' bias, the state's
    valid: tf.Tensor | None,  # batch time
    *,
    reset: str,
    reverse: bool,
    masked_outputs: str,
    jit: bool | str,
    recompute: bool,
    use_cudnn: bool | str,
    **general,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state, by the kernel that is chosen.

    general: activations, scales, unroll and fused, as in autodiff.py.

    Raises ValueError where jit=True, recompute=True or use_cudnn=True asks for what the chosen kernel cannot do.
    """
    unwritten = _not_by_hand(**general)
    for name, asked in {"jit": jit, "recompute": recompute}.items():
        if asked is True and unwritten:
            raise ValueError(f"{name} is True, but has no effect with {unwritten}: leave it out")
    options = {"reset": reset, "reverse": reverse, "masked_outputs": masked_outputs}
    differentiated = _differentiated(inputs, h, *weights)
    if jit is True and differentiated:
        raise ValueError(f"jit is True, but a compiled kernel has no {differentiated}: use jit='auto' or jit=False")

    def without_cudnn(jit) -> tuple[tf.Tensor, tf.Tensor]:
        if differentiated == BOTH_IN_A_GRAPH and not general["unroll"]:
            raise NotImplementedError(
                "a gradient of forward mode, or forward mode of a gradient, is taken within one tf.function, where "
                "TensorFlow would get it wrong: take it eagerly, or give the layer unroll=True"
            )
        if unwritten or differentiated in (SECOND, FORWARD) or static_shape(inputs)[1] == 0 or _of_tensorflow_1():
            return autodiff.run(inputs, h, weights, valid, **options, **general)
        sizes, caller = (static_shape(inputs)[-1], static_shape(h)[-1]), traced.caller()
        kernel = (reset, reverse, masked_outputs, recompute, inputs.dtype, *sizes, valid is None, caller)
        compiled = jit is True or (jit == "auto" and not differentiated and _worth_compiling(inputs, kernel))
        plan = Plan(reset, reverse, recompute or not compiled, chunked=recompute, compiled=compiled)
        return traced.run(inputs, h, weights, valid, masked_outputs=masked_outputs, plan=plan)

    if use_cudnn is False:
        return without_cudnn(jit)
    asked = {"unwritten": unwritten, "differentiated": differentiated, "jit": jit, "recompute": recompute}
    hindered = _not_by_cudnn(inputs, reset, **asked)
    if hindered:
        if use_cudnn is True:
            raise ValueError(f"use_cudnn is True, but {hindered}: use_cudnn='auto' takes another kernel there")
        return without_cudnn(jit)

    def with_cudnn() -> tuple[tf.Tensor, tf.Tensor]:
        return cudnn.run(inputs, h, Weights(*weights), valid, reverse=reverse, masked_outputs=masked_outputs)

    fits = cudnn.fits(inputs, valid)
    if isinstance(fits, bool):
        return with_cudnn() if fits else without_cudnn(jit)
    return tf.cond(fits, with_cudnn, lambda: without_cudnn(jit=False))  # nothing is compiled for the rarer branch


def gpu_is_visible() -> bool:
    """Whether TensorFlow sees a GPU, and drives it by CUDA."""
    return tf.test.is_built_with_cuda() and bool(tf.config.get_visible_devices("GPU"))


def placement() -> str | None:
    """The kind of device that a call puts its operators on, or None where that is left open."""
    inner, outer = "" if tf.executing_eagerly() else tf.zeros(()).device, context.context()
    return tf.DeviceSpec.from_string(inner or (outer and outer.device_name) or "").device_type


SECOND = "second derivative, which nested or persistent tapes may ask for"
FORWARD = "forward mode"
FORWARD_IN_A_GRAPH = "forward mode in a graph"
BOTH_IN_A_GRAPH = "forward mode beside a tape in a graph"


def _not_by_hand(activations, scales, unroll: bool, fused: bool) -> str | None:
    """What there is no derivative written by hand for, in words."""
    known = all(given in names for given, names in zip(activations, ACTIVATIONS, strict=True))
    cases = {
        "activations other than tanh and sigmoid": not known,
        "dropout masks": any(scale is not None for scale in scales),
        "unroll=True": unroll,
        "a product for each gate (fused=False, implementation=1)": not fused,
    }
    return next((words for words, met in cases.items() if met), None)


def _not_by_cudnn(inputs, reset: str, unwritten, differentiated, jit, recompute) -> str | None:
    """What is in the way of cuDNN's kernel, as the part of a sentence."""
    dtype = inputs.dtype
    asked_for = {
        f"reset={reset!r}": reset != "after",
        str(unwritten): unwritten,
        f"the {differentiated}": differentiated,
        "jit=True": jit is True,
        "recompute=True": recompute,
        dtype.name: dtype not in cudnn.DTYPES,
    }
    for words, met in asked_for.items():
        if met:
            return f"cuDNN's kernel does not go with {words}"
    if not gpu_is_visible():
        return "TensorFlow sees no NVIDIA GPU"
    device = placement()
    if device not in (None, "GPU"):
        return f"the call is placed on a {device}"
    if _of_tensorflow_1():
        return "this is a graph of TensorFlow 1"
    if traced.caller() == "XLA":
        return "XLA, which has no such op, compiles the function that calls"
    return None


def _differentiated(*tensors) -> str | None:
    """The derivative under way that the compiled kernel does not have, in words."""
    tensors = [each for each in tensors if each is not None]
    higher = gradients_util.PossibleTapeGradientTypes(tensors) == HIGHER_ORDER
    if not forwardprop_util.pack_tangents(tensors).tangents:
        return SECOND if higher else None
    if tf.executing_eagerly():
        return FORWARD
    return BOTH_IN_A_GRAPH if higher else FORWARD_IN_A_GRAPH


def _of_tensorflow_1() -> bool:
    return not tf.executing_eagerly() and not tf.inside_function()


def _worth_compiling(inputs: tf.Tensor, kernel: tuple) -> bool:
    shape = static_shape(inputs)[:2]
    if shape[1] is None or shape[1] < SHORTEST or not _has_xla(inputs):
        return False
    met = _met[kernel]
    if len(met) < SHAPES:
        met.add(shape)
    return shape in met


def _has_xla(inputs: tf.Tensor) -> bool:
    return tf.test.is_built_with_xla() and tf.DeviceSpec.from_string(inputs.device).device_type in DEVICES
