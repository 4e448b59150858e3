"""The whole sequence as a Keras layer."""

import keras
import tensorflow as tf

from tf_gru import arguments, keras_2
from tf_gru.cell import GRUCell
from tf_gru.export.tracing import check_held
from tf_gru.kernels import facts
from tf_gru.sequence import gru
from tf_gru.static_shape import static_shape


def _of_cell(name: str) -> property:
    return property(lambda layer: getattr(layer.cell, name), doc=f"The cell's {name}.")


@keras.saving.register_keras_serializable(package="tf_gru")
class TurnedMask(keras.layers.Layer):
    """A mask in reversed time, in a functional model: an .h5 file holds layers alone, and none of Keras' operations."""

    def call(self, mask):
        """The mask, last step first."""
        return tf.reverse(mask, [1])


@keras.saving.register_keras_serializable(package="tf_gru")
class GRU(keras.layers.RNN):
    """keras.layers.GRU with its arguments, defaults, weights and outputs.

    Values differ from Keras' in these cases only:

    - A masked step outputs the state reached so far, and `initial_state` before the first valid step; Keras outputs 0
      there. `zero_output_for_mask=True` outputs 0 at every masked step, as in Keras.
    - With `return_sequences=False` the output is the final state, also under `zero_output_for_mask`. Keras documents
      the same, but returns 0 if the last step that it processes is masked.
    - A mask from Embedding or Masking also counts if `initial_state` is a tensor; Keras drops the mask then.
    - `unroll` changes no value. Keras' unrolled loop, under `go_backwards`, puts the zeros of `zero_output_for_mask` at
      the mirror image of the mask.
    - `dropout=1` and `recurrent_dropout=1` drop everything; in Keras this depends on the loop that runs.
    - With `go_backwards` and `return_sequences` the mask for later layers is flipped like the outputs; Keras passes it
      on unflipped.

    The layer refuses values that Keras clips or broadcasts: rates outside 0 to 1, flags that are not booleans, an
    `initial_state` of one row for a larger batch, masks (batch, time, 1), `implementation=0`. A masked step reads
    nothing, and a sequence may have no steps at all. The layer is a keras.layers.RNN, but `isinstance` does not report
    it as a keras.layers.GRU, because keras.layers.Bidirectional passes the weights of that class to a kernel of Keras.

    On a GPU float32 products use TF32, which is less precise than float32; `gru` explains how to turn it off.

    The arguments that are not listed here are those of keras.layers.GRU.

    Args:
        units: The width of the state.
        reset_gate: False leaves the reset gate out. The gates are then z and n, so weights have 2 units in place of 3
            units, and the bias has one row. `reset_after` must then be left out.
        reset_after: True or None (the default) resets after the product, False before it.
        implementation: 2 computes one product for all gates and shares one dropout mask among them; 1 computes a
            product and a mask for each gate. As in Keras, `recurrent_dropout` sets it to 1.
        zero_output_for_mask: True outputs 0 at every masked step.
        jit: As for `gru`.
        recompute: As for `gru`.
        use_cudnn: As for `gru`. If a GPU is visible and use_cudnn is not False, Keras' `compile(jit_compile="auto")`
            leaves the model uncompiled, as with Keras' layer.
        use_native: As for `gru`.

    Call arguments:
        sequences: (batch, time, input_dim).
        initial_state: (batch, units), or a list with this tensor; None means zeros, or the kept state if stateful.
        mask: (batch, time) booleans, True where the step counts.
        training: True applies dropout.
        lengths: Integers (batch,) from 0 to time, in place of a mask that is padded on the right; `gru` explains their
            checks. They make no mask for later layers.
        dropout_mask: Factors of the inputs wherever a gate reads them, in training and inference, in place of a drawn
            mask: (batch, input_dim) for all gates, or (gates, batch, input_dim) for each. A mask drawn elsewhere
            reproduces the numbers computed there.
        recurrent_dropout_mask: The same for the state: (batch, units) or (gates, batch, units).

    Raises:
        ValueError: If an argument has a value that is not allowed.

    Source: Cho et al. 2014, arXiv:1406.1078.

    Examples:
        >>> import numpy as np
        >>> import tf_gru
        >>> tf_gru.GRU(4, return_sequences=True)(np.ones((2, 5, 3), "float32")).shape
        TensorShape([2, 5, 4])
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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=None,
        use_cudnn="auto",
        *,
        reset_gate=True,
        implementation=2,
        zero_output_for_mask=False,
        jit="auto",
        recompute=False,
        use_native="auto",
        **kwargs,
    ):
        jit = arguments.check_choice("jit", jit, ("auto", True, False))
        recompute = arguments.check_choice("recompute", recompute, (True, False))
        use_native = arguments.check_choice("use_native", use_native, ("auto", True, False))
        flags = arguments.flags(
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
        )
        trainable = arguments.plain("trainable", kwargs.pop("trainable", True))
        cell = GRUCell(
            units,
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
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            reset_after=reset_after,
            seed=seed,
            reset_gate=reset_gate,
            implementation=implementation,
            dtype=kwargs.get("dtype"),
            trainable=trainable,
            name="gru_cell",
        )
        super().__init__(cell, activity_regularizer=activity_regularizer, trainable=trainable, **flags, **kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self.use_cudnn = use_cudnn
        self.jit, self.recompute, self.use_native = jit, recompute, use_native

    @property
    def use_cudnn(self):
        """The permission for cuDNN's kernel: "auto", True or False. keras.layers.Bidirectional copies it from its
        layer.
        """
        return self._use_cudnn

    @use_cudnn.setter
    def use_cudnn(self, value):
        value = arguments.check_choice("use_cudnn", value, ("auto", True, False))
        self._use_cudnn = value
        self.supports_jit = value is False or not facts.gpu_is_visible()  # Keras' jit_compile="auto" reads this

    def build(self, sequences_shape, initial_state_shape=None):
        """Make the weights, and the state of a stateful layer."""
        arguments.check_rank(sequences_shape)
        super().build(sequences_shape, initial_state_shape)

    def call(
        self,
        sequences,
        initial_state=None,
        mask=None,
        training=False,
        lengths=None,
        dropout_mask=None,
        recurrent_dropout_mask=None,
    ):
        """Compute the outputs, or the last output; with return_state also the final state."""
        check_held(self.name, self.compute_dtype, stateful=self.stateful)
        if mask is None:
            mask = getattr(sequences, "_keras_mask", None)  # Keras passes no mask if there is a second tensor
        if mask is not None:
            mask = arguments.booleans("mask", mask)
        sequences = arguments.real("inputs", sequences, self.compute_dtype)
        kernel, recurrent_kernel, bias = self.cell.weight_tensors()
        arguments.check_features(sequences, kernel)
        if self.stateful and self.states:
            arguments.check_rows(sequences, self.states)
        dropout_mask, recurrent_dropout_mask = (
            self._scale(name, given, rate, sequences, width, training)
            for name, given, rate, width in (
                ("dropout_mask", dropout_mask, self.cell.dropout, static_shape(kernel)[0]),
                ("recurrent_dropout_mask", recurrent_dropout_mask, self.cell.recurrent_dropout, self.cell.units),
            )
        )
        outputs, final_state = gru(
            sequences,
            kernel,
            recurrent_kernel,
            bias,
            reset=self.cell.reset,
            initial_state=self._initial_state(initial_state),
            lengths=lengths,
            mask=mask,
            reverse=self.go_backwards,
            masked_outputs="zero" if self.zero_output_for_mask else "carry",
            activation=self.cell.activation,
            recurrent_activation=self.cell.recurrent_activation,
            unroll=self.unroll,
            fused=self.cell.implementation == 2,
            dropout_mask=dropout_mask,
            recurrent_dropout_mask=recurrent_dropout_mask,
            jit=self.jit,
            recompute=self.recompute,
            use_cudnn=self.use_cudnn,
            use_native=self.use_native,
        )
        if self.stateful:
            for kept in self.states or ():
                kept.assign(final_state)
        output = final_state
        if self.return_sequences:
            output = tf.reverse(outputs, [1]) if self.go_backwards else outputs
        return (output, final_state) if self.return_state else output

    def _initial_state(self, initial_state) -> tf.Tensor | None:
        if initial_state is None:
            initial_state = self.states if self.stateful else None
        if isinstance(initial_state, (list, tuple)):
            if len(initial_state) != 1:
                raise ValueError(f"initial_state has {len(initial_state)} tensors, but a GRU has one state")
            (initial_state,) = initial_state
        return None if initial_state is None else arguments.real("initial_state", initial_state, self.compute_dtype)

    def _scale(self, name: str, given, rate: float, sequences: tf.Tensor, width: int, training) -> tf.Tensor | None:
        """The given dropout mask, or in training a drawn one."""
        if given is not None:
            return arguments.real(name, given, self.compute_dtype)
        if not training:
            return None
        return self.cell.draw_dropout(rate, tf.ones(tf.stack([tf.shape(sequences)[0], width]), sequences.dtype))

    def compute_mask(self, _, mask):
        """The mask in the order of the outputs."""
        masks = super().compute_mask(_, mask)
        output_mask, *state_masks = masks if isinstance(masks, list) else [masks]
        if output_mask is not None and self.go_backwards:
            symbolic = isinstance(output_mask, keras.KerasTensor)
            output_mask = TurnedMask()(output_mask) if symbolic else tf.reverse(output_mask, [1])
        return [output_mask, *state_masks] if self.return_state else output_mask

    units = _of_cell("units")
    activation = _of_cell("activation")
    recurrent_activation = _of_cell("recurrent_activation")
    use_bias = _of_cell("use_bias")
    kernel_initializer = _of_cell("kernel_initializer")
    recurrent_initializer = _of_cell("recurrent_initializer")
    bias_initializer = _of_cell("bias_initializer")
    kernel_regularizer = _of_cell("kernel_regularizer")
    recurrent_regularizer = _of_cell("recurrent_regularizer")
    bias_regularizer = _of_cell("bias_regularizer")
    kernel_constraint = _of_cell("kernel_constraint")
    recurrent_constraint = _of_cell("recurrent_constraint")
    bias_constraint = _of_cell("bias_constraint")
    dropout = _of_cell("dropout")
    recurrent_dropout = _of_cell("recurrent_dropout")
    reset_after = _of_cell("reset_after")
    reset_gate = _of_cell("reset_gate")
    implementation = _of_cell("implementation")
    seed = _of_cell("seed")

    def get_config(self):
        """The arguments that make this layer again."""
        config = {**self.cell.get_config(), **super().get_config()}
        del config["cell"]
        config["activity_regularizer"] = keras.regularizers.serialize(self.activity_regularizer)
        config |= {name: getattr(self, name) for name in ("use_cudnn", "jit", "recompute", "use_native")}
        return config

    @classmethod
    def from_config(cls, config, hard_sigmoid_slope=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make the layer that get_config describes, also from the configuration of keras.layers.GRU in Keras 2 or 3.

        hard_sigmoid_slope: 0.2 or 1/6, for a configuration with a hard_sigmoid that does not say which Keras wrote it.
        """
        return cls(**keras_2.of_layer(config, hard_sigmoid_slope))
