"""One step of the GRU as a Keras cell, for keras.layers.RNN and for our own layer."""

import keras
import tensorflow as tf

from tf_gru import arguments, keras_2
from tf_gru.export.tracing import check_held
from tf_gru.steps import (
    GATES,
    STEPS,
    Recurrence,
    input_blocks,
    products,
    recurrent_blocks,
    split_bias,
)


@keras.saving.register_keras_serializable(package="tf_gru")
class GRUCell(keras.layers.GRUCell):
    """keras.layers.GRUCell with its arguments, defaults and weights, and with a variant that has no reset gate.

    The arguments that are not listed here are those of keras.layers.GRUCell.

    Args:
        units: The width of the state.
        reset_gate: False leaves the reset gate out. The gates are then z and n, so weights have 2 units in place of 3
            units, and the bias has one row. `reset_after` must then be left out.
        reset_after: True or None (the default) resets after the product, False before it.
        implementation: 2 computes one product for all gates and shares one dropout mask among them; 1 computes a
            product and a mask for each gate. As in Keras, `recurrent_dropout` sets it to 1.
        dropout: The dropout rate of the inputs, from 0 to 1. A rate of 1 drops everything; Keras' cell then drops
            nothing.
        recurrent_dropout: The dropout rate of the state, from 0 to 1.

    Call arguments:
        inputs: (batch, input_dim).
        states: The state (batch, units), or a list with this tensor.
        training: True applies dropout.

    Raises:
        ValueError: If an argument has a value that is not allowed.

    Source: Cho et al. 2014, arXiv:1406.1078.

    Examples:
        >>> import numpy as np
        >>> import tf_gru
        >>> output, state = tf_gru.GRUCell(4)(np.ones((2, 3), "float32"), np.zeros((2, 4), "float32"))
        >>> output.shape
        TensorShape([2, 4])
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        reset_after=None,
        seed=None,
        *,
        reset_gate=True,
        implementation=2,
        **kwargs,
    ):
        use_bias, reset_gate = arguments.flags(use_bias=use_bias, reset_gate=reset_gate).values()
        reset_after = arguments.check_choice("reset_after", reset_after, (True, False, None))
        implementation = arguments.plain("implementation", implementation)
        trainable = arguments.plain("trainable", kwargs.pop("trainable", True))
        if not reset_gate and reset_after is not None:
            raise ValueError(f"reset_gate=False has nothing to reset, but reset_after is {reset_after}: leave it out")
        if type(implementation) is not int or implementation not in (1, 2):
            raise ValueError(f"implementation is {implementation!r}, but must be 1 (by gate) or 2 (all gates at once)")
        super().__init__(
            arguments.positive("units", units),
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=arguments.rate("dropout", dropout),
            recurrent_dropout=arguments.rate("recurrent_dropout", recurrent_dropout),
            reset_after=reset_gate if reset_after is None else reset_after,
            seed=arguments.plain("seed", seed),
            implementation=implementation,
            trainable=trainable,
            **kwargs,
        )
        arguments.check_dtype(self.compute_dtype)
        self.reset_gate = reset_gate
        if not reset_gate:
            self.reset_after = None

    @property
    def reset(self) -> str:
        """The variant, by its name in `gru`."""
        if not self.reset_gate:
            return "none"
        return "after" if self.reset_after else "before"

    def build(self, input_shape):
        """Make the weights, with Keras' names and in Keras' order."""
        input_dim, gates = input_shape[-1], GATES[self.reset]
        if input_dim is None:
            raise ValueError(f"the inputs have shape {tuple(input_shape)}, but the last size must be known")
        if input_dim == 0:
            raise ValueError(f"the inputs have shape {tuple(input_shape)}, but the last size must be 1 or more")
        self.kernel = self.add_weight(
            shape=(input_dim, gates * self.units),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, gates * self.units),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer and _in_float32(self.recurrent_initializer),
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(2, 3 * self.units) if self.reset == "after" else (gates * self.units,),
                name="bias",
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs, states, training=False):
        """Compute the next state, and return it as output and as state (the state in a list if it came in one)."""
        nested = isinstance(states, (list, tuple))
        if nested and len(states) != 1:
            raise ValueError(f"states has {len(states)} tensors, but a GRU has one state: pass [state]")
        check_held(self.name, self.compute_dtype)  # a wrapper keeps the wrapper's state
        inputs = arguments.real("inputs", inputs, self.compute_dtype)
        if not inputs.shape.is_compatible_with((None, None)):
            raise ValueError(f"inputs has shape {tuple(inputs.shape)}, but must be (batch, input_dim): pass one step")
        kernel, recurrent_kernel, bias = self.weight_tensors()
        arguments.check_features(inputs, kernel)
        h = states[0] if nested else states
        if h is None:
            raise TypeError("the state is None, but must be a tensor: begin with get_initial_state(batch_size)")
        h = arguments.real("the state", h, self.compute_dtype)
        h = arguments.state("the state", h, inputs, self.units)
        input_bias, recurrent_bias = split_bias(self.reset, bias)
        scale = self.get_dropout_mask(inputs) if training else None
        recurrent_scale = self.get_recurrent_dropout_mask(h) if training else None
        fused = self.implementation == 2
        x = products(inputs, input_blocks(self.reset, kernel, input_bias, scale, fused))
        recurrence = Recurrence(
            recurrent_blocks(self.reset, recurrent_kernel, recurrent_bias, recurrent_scale, fused),
            self.activation,
            self.recurrent_activation,
        )
        h = STEPS[self.reset](tf.concat(x, axis=-1), h, recurrence)
        return h, [h] if nested else h

    def weight_tensors(self) -> list:
        """Kernel, recurrent kernel and bias in the dtype of computation."""
        weights = (self.kernel, self.recurrent_kernel, self.bias)
        return [None if w is None else tf.cast(tf.convert_to_tensor(w), self.compute_dtype) for w in weights]

    def draw_dropout(self, rate: float, like: tf.Tensor):
        """Draw the factors of a dropout mask, 0 or 1 / (1 - rate), in the shape of `like`; None without dropout."""
        if rate == 0:
            return None

        def draw():
            return keras.random.dropout(tf.ones_like(like, self.compute_dtype), rate, seed=self.seed_generator)

        if rate == 1:
            return tf.zeros_like(like, self.compute_dtype)
        if self.implementation == 2:
            return draw()
        return tf.stack([draw() for _ in range(GATES[self.reset])])

    def get_dropout_mask(self, step_input):
        """The dropout mask of the inputs. keras.layers.RNN reads it before its loop and resets it after, so all
        steps share it.
        """
        if getattr(self, "_dropout_mask", None) is None:
            self._dropout_mask = self.draw_dropout(self.dropout, step_input)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input):
        """The dropout mask of the state, kept in the same way."""
        if getattr(self, "_recurrent_dropout_mask", None) is None:
            self._recurrent_dropout_mask = self.draw_dropout(self.recurrent_dropout, step_input)
        return self._recurrent_dropout_mask

    def get_config(self):
        """The arguments that make this cell again."""
        return {
            **super().get_config(),
            "reset_gate": self.reset_gate,
            "implementation": self.implementation,
        }

    @classmethod
    def from_config(cls, config, hard_sigmoid_slope=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make the cell that get_config describes, also from the configuration of keras.layers.GRUCell."""
        return cls(**keras_2.of_layer(config, hard_sigmoid_slope))


def _in_float32(initializer):
    """Draw bfloat16 values in float32, because the default initializer, orthogonal, has no kernel for bfloat16."""

    def draw(shape, dtype=None):
        if dtype != "bfloat16":
            return initializer(shape, dtype=dtype)
        return tf.cast(initializer(shape, dtype="float32"), dtype)

    return draw
