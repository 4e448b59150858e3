"""The checks of the arguments of `gru`, and their error messages.

Shapes and values that are known when the function is called or traced raise ValueError or TypeError there. The graph
asserts all others when it runs. XLA drops assertions, but does not compile sizes that differ.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_gru.static_shape import static_shape
from tf_gru.steps import GATES

DTYPES = (tf.float16, tf.bfloat16, tf.float32, tf.float64)
NAMES = tuple(dtype.name for dtype in DTYPES)


def plain(name: str, value) -> Any:
    """Convert a single number or boolean of NumPy or TensorFlow, such as one from a sweep, to Python.

    Refuses a tensor without a known value, because an option makes the layer and is saved with it.
    """
    if isinstance(value, (tf.Tensor, tf.Variable, keras.Variable)):
        known = tf.get_static_value(tf.convert_to_tensor(value))
        if known is None:
            raise ValueError(f"{name} is a tensor without a known value, but the layer needs a number: pass a number")
        value = known
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value


def check_choice(name: str, value, choices) -> Any:
    """Convert the value to Python, and refuse a value that is not one of the choices. True does not equal 1 here."""
    value = plain(name, value)
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        raise ValueError(f"{name} is {value!r}, but must be one of {', '.join(map(repr, choices))}")
    return value


def flags(**given) -> dict[str, bool]:
    """Convert the values to Python, by name, and refuse a value that is neither True nor False."""
    return {name: check_choice(name, value, (True, False)) for name, value in given.items()}


def rate(name: str, value) -> float:
    """Convert the value to a Python number from 0 to 1."""
    value = plain(name, value)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}, but must be from 0 (nothing is dropped) to 1 (everything is)")
    return float(value)


def positive(name: str, value) -> int:
    """Convert the value to a Python integer of at least 1."""
    value = plain(name, value)
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number <= 0 or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}, but must be a positive integer")
    return number


def check_dtype(name: str) -> None:
    """Refuse a dtype in which the GRU cannot compute."""
    if name not in NAMES:
        raise ValueError(f"dtype is {name!r}, but must be one of {', '.join(NAMES)}")


def _dense(name: str, value, dtype: tf.DType | None = None) -> tf.Tensor:
    """Convert the value to a dense tensor."""
    if value is None:
        raise TypeError(f"{name} is None, but must be a tensor: pass one")
    if isinstance(value, tf.RaggedTensor):
        lengths = " and its row_lengths() as the lengths" if name == "inputs" else ""
        raise TypeError(f"{name} is ragged, but must be dense: pass its to_tensor(){lengths}")
    if isinstance(value, tf.SparseTensor):
        raise TypeError(f"{name} is sparse, but must be dense: convert it by tf.sparse.to_dense")
    return tf.convert_to_tensor(value, dtype)


def tensor(name: str, value, dtype: tf.DType, shape: tuple, hint: str) -> tf.Tensor:
    """Convert the value to a tensor of this dtype and shape. None in the shape is an unknown size."""
    value = _dense(name, value)
    if value.dtype != dtype:
        raise TypeError(f"{name} has dtype {value.dtype.name}, but must be {dtype.name}: cast it first")
    if not value.shape.is_compatible_with(shape):
        raise ValueError(f"{name} has shape {_text(value.shape)}, but must be {_text(tf.TensorShape(shape))}: {hint}")
    return _with_axes(value, shape)


def _with_axes(value: tf.Tensor, shape: tuple) -> tf.Tensor:
    """Give the value a known number of axes in a trace; the graph then enforces this shape."""
    return value if value.shape.rank is not None else tf.ensure_shape(value, shape)


def real(name: str, value, dtype: str) -> tf.Tensor:
    """Cast the value to the dtype of a layer. A complex value is refused, because it would lose its imaginary part."""
    value = _dense(name, value)
    if value.dtype.is_complex:
        raise TypeError(f"{name} has dtype {value.dtype.name}, but must be real: pass its real or imaginary part")
    return tf.cast(_numbers(name, value), dtype)


def booleans(name: str, value) -> tf.Tensor:
    """Convert the value to booleans. Numbers other than 0 become True, as in Keras."""
    return tf.cast(_numbers(name, _dense(name, value)), tf.bool)


def _numbers(name: str, value: tf.Tensor) -> tf.Tensor:
    if not (value.dtype.is_floating or value.dtype.is_integer or value.dtype.is_bool):
        raise TypeError(f"{name} has dtype {value.dtype.name}, but must be real numbers or booleans")
    return value


def check_features(inputs: tf.Tensor, kernel: tf.Tensor) -> None:
    """Refuse inputs whose width differs from the width for which the layer was built."""
    features, built = static_shape(inputs)[-1], static_shape(kernel)[0]
    if features not in (None, built):
        raise ValueError(f"inputs has {features} features, but the layer was built for {built}: make another layer")


def check_rows(inputs: tf.Tensor, states) -> None:
    """Refuse inputs whose batch size differs from the batch size of a stateful layer's states."""
    rows, kept = static_shape(inputs)[0], static_shape(states[0])[0]
    if rows not in (None, kept):
        raise ValueError(f"inputs has {rows} rows, but the stateful layer was built for {kept}: make another layer")


def check_rank(shape) -> None:
    """Refuse a shape that is not a shape of sequences."""
    if shape is None or len(shape) != 3:
        raise ValueError(f"inputs would have shape {shape}, but must be (batch, time, input_dim); time may be None")


def checked(
    inputs,
    kernel,
    recurrent_kernel,
    bias,
    *,
    reset: str,
    masked_outputs: str,
    mask,
    lengths,
    dropout_masks: tuple,
) -> tuple[tf.Tensor, tuple, int, tf.Tensor | None, tuple]:
    """Convert the arguments of `gru`, except its state, to tensors.

    Args:
        dropout_masks: The dropout masks of the inputs and of the state.

    Returns:
        The inputs, the weights, the number of units, the valid steps and the dropout masks.
    """
    check_choice("reset", reset, tuple(GATES))
    check_choice("masked_outputs", masked_outputs, ("carry", "zero"))
    inputs = sequence(inputs)
    kernel, recurrent_kernel, bias, units = _weights(kernel, recurrent_kernel, bias, reset, inputs)
    of_inputs, of_state = dropout_masks
    valid = valid_steps(mask, lengths, inputs)
    inputs = in_batch_of(inputs, valid)
    return (
        inputs,
        (kernel, recurrent_kernel, bias),
        units,
        valid,
        (
            dropout("dropout_mask", of_inputs, inputs, GATES[reset], kernel),
            dropout("recurrent_dropout_mask", of_state, inputs, GATES[reset], recurrent_kernel),
        ),
    )


def sequence(inputs) -> tf.Tensor:
    """Convert the inputs to a (batch, time, input_dim) tensor of a floating dtype."""
    inputs = _dense("inputs", inputs)
    if inputs.dtype not in DTYPES:
        raise TypeError(f"inputs has dtype {inputs.dtype.name}, but must be one of {', '.join(NAMES)}: cast it first")
    if not inputs.shape.is_compatible_with((None, None, None)):
        raise ValueError(f"inputs has shape {_text(inputs.shape)}, but must be (batch, time, input_dim)")
    return _with_axes(inputs, (None, None, None))


def _weights(kernel, recurrent_kernel, bias, reset: str, inputs: tf.Tensor):
    """Convert the weights to tensors whose shapes fit each other and the inputs. Returns them and the number of
    units.
    """
    gates, dtype = GATES[reset], inputs.dtype
    layout = f"reset={reset!r} has the gates {'z, r, n' if gates == 3 else 'z, n'} side by side on the last axis"
    recurrent_kernel = tensor("recurrent_kernel", recurrent_kernel, dtype, (None, None), layout)
    units = static_shape(recurrent_kernel)[0]
    if units is None:
        raise ValueError("recurrent_kernel has an unknown shape, but must be (units, gates * units): set its shape")
    recurrent_kernel = tensor("recurrent_kernel", recurrent_kernel, dtype, (units, gates * units), layout)
    input_dim = static_shape(inputs)[-1]
    if 0 in (units, input_dim):
        raise ValueError(f"input_dim is {_size(input_dim)} and units is {units}, but both must be 1 or more")
    kernel = tensor("kernel", kernel, dtype, (input_dim, gates * units), f"units is {units}, and {layout}")
    if bias is not None:
        shape = (2, 3 * units) if reset == "after" else (gates * units,)
        rows = "a row for the inputs, a row for the state" if reset == "after" else "one row, for the sum"
        bias = tensor("bias", bias, dtype, shape, f"reset={reset!r} has {rows}")
    return kernel, recurrent_kernel, bias, units


def in_batch_of(inputs: tf.Tensor, other: tf.Tensor | None) -> tf.Tensor:
    """Give the inputs the batch size of another tensor in a trace, if that is known."""
    if other is None or static_shape(inputs)[0] is not None or static_shape(other)[0] is None:
        return inputs
    inputs = tf.identity(inputs)  # the two are compared where the other one is checked
    inputs.set_shape((static_shape(other)[0], None, None))
    return inputs


def state(name: str, value, inputs: tf.Tensor, units: int) -> tf.Tensor:
    """Convert a state with one row for each row of the inputs."""
    shape = (static_shape(inputs)[0], units)
    value = tensor(name, value, inputs.dtype, shape, "one row for each row of inputs")
    value = _of_size(value, 0, inputs, 0, f"{name} is not (batch, units)")
    return value if value.shape.is_fully_defined() else tf.ensure_shape(value, shape)


def one_for_each_direction(name: str, given) -> tuple:
    """The two members of [forward, backward], or None twice for None."""
    if given is None:
        return None, None
    expected = "must be [forward, backward], one for each direction"
    if not isinstance(given, (list, tuple)):
        raise ValueError(f"{name} is a {type(given).__name__}, but {expected}")
    if len(given) != 2:
        raise ValueError(f"{name} has {len(given)} members, but {expected}")
    return tuple(given)


def dropout(name: str, scale, inputs: tf.Tensor, gates: int, kernel: tf.Tensor) -> tf.Tensor | None:
    """Convert a dropout mask: (batch, width) for all gates, or (gates, batch, width) for each."""
    if scale is None:
        return None
    scale = _dense(name, scale)
    hint = "give one (batch, width) array for all gates, or one for each gate"
    if scale.shape.rank is None:
        raise ValueError(f"{name} has an unknown shape, but must have 2 or 3 axes: {hint}; set its shape")
    shape = (static_shape(inputs)[0], static_shape(kernel)[0])
    scale = tensor(name, scale, inputs.dtype, shape if scale.shape.rank == 2 else (gates, *shape), hint)
    message = f"{name} is neither (batch, width) nor (gates, batch, width)"
    scale = _of_size(scale, -2, inputs, 0, message)
    return _of_size(scale, -1, kernel, 0, message)


def valid_steps(mask, lengths, inputs: tf.Tensor) -> tf.Tensor | None:
    """The valid steps, (batch, time) booleans, or None if all are valid."""
    if mask is not None:
        mask = tensor(
            "mask",
            mask,
            tf.bool,
            static_shape(inputs)[:2],
            "it is (batch, time), True where the step counts",
        )
        for axis in (0, 1):
            mask = _of_size(mask, axis, inputs, axis, "mask is not (batch, time)")
    if lengths is None:
        return mask
    counted = _from_lengths(lengths, inputs)
    if mask is None:
        return counted
    advice = "mask and lengths disagree: give one of them; lengths is a mask padded on the right"
    return _asserted(mask, _equal, (mask, counted), advice)


def row_lengths(name: str, lengths, inputs: tf.Tensor) -> tf.Tensor:
    """Convert lengths (batch,) to int64, and check that each is from 0 to the inputs' time."""
    none = isinstance(lengths, (list, tuple)) and not lengths  # TensorFlow makes a float tensor of no numbers
    lengths = _dense(name, lengths, tf.int64 if none else None)
    given = tf.get_static_value(lengths)
    if not lengths.dtype.is_integer:
        raise TypeError(f"{name} has dtype {lengths.dtype.name}, but must be integers: cast it first")
    if not lengths.shape.is_compatible_with(static_shape(inputs)[:1]):
        shape, expected = _text(lengths.shape), _listed(static_shape(inputs)[:1])
        raise ValueError(f"{name} has shape {shape}, but must be {expected}: one for each row of inputs")
    lengths = _with_axes(tf.cast(lengths, tf.int64), (None,))
    lengths = _of_size(lengths, 0, inputs, 0, f"{name} is not (batch,)")
    seen = "" if given is None else f": {name} is {given.tolist()}, time is {_size(static_shape(inputs)[1])}"
    return _asserted(
        lengths,
        lambda lengths, time: (lengths >= 0) & (lengths <= time),
        (lengths, _time(inputs)),
        f"{name} must be from 0 to time{seen}",
    )


def _from_lengths(lengths, inputs: tf.Tensor) -> tf.Tensor:
    lengths, steps = row_lengths("lengths", lengths, inputs), static_shape(inputs)[1]
    known = tf.get_static_value(lengths)
    if known is not None and steps is not None:
        return tf.constant(np.arange(steps) < known[:, None])
    return tf.sequence_mask(lengths, _time(inputs))


def _time(inputs: tf.Tensor) -> tf.Tensor:
    steps = static_shape(inputs)[1]
    return tf.shape(inputs, tf.int64)[1] if steps is None else tf.constant(steps, tf.int64)


def _of_size(value: tf.Tensor, axis: int, like: tf.Tensor, like_axis: int, message: str) -> tf.Tensor:
    """The value, after a check that its size on one axis equals another tensor's. XLA compiles it only if this
    holds.
    """
    if None not in (static_shape(value)[axis], static_shape(like)[like_axis]):
        return value  # compared already
    size, expected = tf.shape(value)[axis], tf.shape(like)[like_axis]
    size = _asserted(size, _equal, (size, expected), message)
    with tf.control_dependencies([tf.reshape(tf.zeros(size[None]), expected[None])]):
        return tf.identity(value)


def _asserted(value: tf.Tensor, holds: Callable, operands: tuple, message: str) -> tf.Tensor:
    """The value, after a check that the condition holds everywhere: now if the operands are known, else when the
    graph runs.
    """
    known = [tf.get_static_value(operand) for operand in operands]
    if any(operand is None for operand in known):
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(holds(*operands)), [message])]):
            return tf.identity(value)
    if not np.all(holds(*known)):
        raise ValueError(message)
    return value


def _equal(left, right):
    """left == right elementwise. Between tensors of a TensorFlow 1 graph, == compares identity."""
    return tf.equal(left, right) if tf.is_tensor(left) or tf.is_tensor(right) else left == right


def _text(shape: tf.TensorShape) -> str:
    return "unknown" if shape.rank is None else _listed(shape.as_list())


def _listed(sizes: Sequence[int | None]) -> str:
    return f"({', '.join(map(_size, sizes))}{',' if len(sizes) == 1 else ''})"


def _size(size: int | None) -> str:
    return "?" if size is None else str(size)
