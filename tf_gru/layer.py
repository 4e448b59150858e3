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

    Values differ from Keras' in these cases alone:
    - A masked step outputs the state reached so far, hence `initial_state` before the first step that counts, where
      Keras outputs 0. `zero_output_for_mask=True` outputs 0 at every masked step, as in Keras.
    - With `return_sequences=False` the output is the final state, also under `zero_output_for_mask`; Keras documents
      the same, but returns 0 where the last step it processes is masked.
    - A mask that comes with the sequences, from Embedding or Masking, counts also beside a tensor for `initial_state`,
      where Keras drops it.
    - `unroll` changes no value; Keras' unrolled loop, under `go_backwards`, puts the zeros of `zero_output_for_mask`
      where the mask has its mirror image.
    - `dropout=1` and `recurrent_dropout=1` drop everything; in Keras it depends on which loop is taken.
    - With `go_backwards` and `return_sequences` the mask that later layers receive is flipped like the outputs; Keras
      hands it on unflipped.
    What Keras clips or broadcasts is refused: rates outside 0 to 1, flags that are not booleans, an `initial_state` of
    one row for a batch of more, masks (batch, time, 1), `implementation=0`.
    A masked step reads nothing, and a sequence may have no steps at all. It is a keras.layers.RNN, but for `isinstance`
    no keras.layers.GRU, whose weights keras.layers.Bidirectional hands to a kernel of Keras'.

    reset_gate: False leaves the reset gate out: gates z and n, so 2 where there is 3 in the shapes of the weights, and
        one row of bias. It has no product to be before or after, so `reset_after` must not be given with it.
    reset_after: True (which None, the default, stands for) resets after the product, False before it.
    implementation: 2 is one product for all gates and one dropout mask shared by them, 1 is a product and a mask for
        each gate. As in Keras, `recurrent_dropout` makes it 1.
    jit, recompute, use_cudnn, use_native: those of `gru`, which say how it runs, not what it computes. Where a GPU is
        visible and use_cudnn is not False, Keras' `compile(jit_compile="auto")` leaves the model uncompiled, as with
        Keras' layer.
    On a GPU float32 products are in TF32, less precise than float32; `gru` says how to turn that off.

    Call arguments: Keras', and
    lengths: integers (batch,) from 0 to time, in place of a mask padded on the right; `gru` says how they are checked.
        The mask that later layers receive is the one that came in: lengths make none.
    dropout_mask, recurrent_dropout_mask: what multiplies the inputs and the state wherever a gate reads them, in
        training or not, in place of what `dropout` and `recurrent_dropout` would draw: (batch, width) for all gates, or
        (gates, batch, width) for each. One that was drawn elsewhere gives the numbers that were computed there.
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
        """Whether cuDNN's kernel may run: "auto", True, False. keras.layers.Bidirectional copies it from its layer."""
        return self._use_cudnn

    @use_cudnn.setter
    def use_cudnn(self, value):
        value = arguments.check_choice("use_cudnn", value, ("auto", True, False))
        self._use_cudnn = value
        self.supports_jit = value is False or not facts.gpu_is_visible()  # what Keras' jit_compile="auto" asks

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
        """The outputs, or the last; with return_state and the final state."""
        check_held(self.name, self.compute_dtype, stateful=self.stateful)
        if mask is None:
            mask = getattr(sequences, "_keras_mask", None)  # Keras passes no mask beside a second tensor
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
        """The dropout mask that was given, or in training one that is drawn."""
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
        """The layer that get_config describes; one that keras.layers.GRU wrote will do, in Keras 2 or 3.

        hard_sigmoid_slope: 0.2 or 1/6, for one that has a hard_sigmoid and does not say which Keras wrote it.
        """
        return cls(**keras_2.of_layer(config, hard_sigmoid_slope))
