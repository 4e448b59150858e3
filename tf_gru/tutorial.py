"""The GRU of a TensorFlow tutorial of 2020: six matrices, a TensorArray and `tf.while_loop`, to be read and overridden.

The text of the tutorial lost lines in print; they are restored in the sense of its formulas. It resets before the
product. Both Wf and Uf are named `forget_gate_wf` in it; here Uf is `forget_gate_uf`.

In a graph and session of `tf.compat.v1`, after `disable_v2_behavior()` too, and eagerly; in a `tf.function` call
`recurrence` of an object that was made outside. For anything but reading there is `tf_gru.GRU`.

Its traps. Outputs of a reversed run are in the order in which they were computed: a BiGRU needs align=True.
`sequence_length` says how a run is reversed, and no more: steps of the padding are taken too, after those of the row,
so `outputs[:, -1]` is a row's final state only if the row is as long as time, and the run is not aligned in reverse
(then it is `outputs[:, 0]`).

Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078, equations 5 to 8, to which biases are added.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_gru import arguments
from tf_gru.static_shape import static_shape

Unit = Callable[..., tf.Tensor]


class GRU:
    """Everything happens when it is made: weights, the loop, the outputs.

    inputs: (batch, time, emb_dim), of a floating dtype, which the weights get too; time is 1 or more.
    emb_dim, hidden_dim: the width of the inputs, and of the state.
    sequence_length: for each row its number of steps, from 0 to time: always checked, and used by a reversed run alone.
        None is all.
    revers: run from the last step to the first. With sequence_length each row is turned within its length, else all of
        time is. One or the other: both, one after the other, would start each row in its padding.
    align: put the outputs of a reversed run back at the time of their inputs, where those of a forward run are.

    Attributes: Wi, Ui, bi of the reset gate, Wf, Uf, bf of the update gate, Wc, Uc, bc of the candidate; emb_dim,
    hidden_dim; and of the inputs that it was made with, whatever `recurrence` is called with later: batch_size,
    time_step and inputs (time first, in the order of the run), which are there before the units are made; h0, gen_o
    (time first, as computed) and outputs.

    Raises ValueError or TypeError for what does not fit, tf.errors.InvalidArgumentError for what only a graph can see.
    Compiled by XLA, which drops assertions, lengths that a graph alone can see are not checked.
    """

    def __init__(self, inputs, emb_dim, hidden_dim, sequence_length=None, revers=False, align=False):
        if tf.inside_function():
            raise ValueError("a GRU makes variables: make it outside the tf.function, and call its recurrence inside")
        revers, align = arguments.flags(revers=revers, align=align).values()
        self.emb_dim, self.hidden_dim = (
            arguments.positive(name, size) for name, size in (("emb_dim", emb_dim), ("hidden_dim", hidden_dim))
        )
        self.revers, self.align = revers, align
        inputs = arguments.sequence(inputs)
        self.dtype = inputs.dtype
        self.batch_size, self.time_step = tf.shape(inputs)[0], tf.shape(inputs)[1]
        self.inputs, self._lengths = self._in_order(inputs, sequence_length)
        with tf.compat.v1.variable_scope("gru_init"):  # which get_variable of an override takes its name from
            self.g_recurrent_unit = self.create_recurrent_unit()
            self.g_output_unit = self.create_output_unit()
        self.h0 = tf.zeros([self.batch_size, self.hidden_dim], self.dtype)
        self.gen_o = self._run(self.inputs, self.h0)
        self.outputs = self._placed(self.gen_o, self._lengths)

    def recurrence(self, inputs, sequence_length=None, h0=None) -> tf.Tensor:
        """Outputs (batch, time, width of the output unit) for inputs of the dtype that it was made with.

        h0: (batch, hidden_dim), of that dtype; None is zeros.

        Raises what the constructor raises.
        """
        inputs, sequence_length = self._in_order(inputs, sequence_length)
        if h0 is None:
            h0 = tf.zeros([tf.shape(inputs)[1], self.hidden_dim], self.dtype)
        return self._placed(self._run(inputs, h0), sequence_length)

    def _in_order(self, inputs, sequence_length) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The inputs, time first, in the order in which they are read; and the lengths. Both are checked."""
        inputs = arguments.sequence(inputs)
        inputs = arguments.tensor("inputs", inputs, self.dtype, (None, None, self.emb_dim), "emb_dim is its last size")
        if static_shape(inputs)[1] == 0:
            raise ValueError("inputs has no steps, but must have 1 or more: tf_gru.GRU takes none")
        if sequence_length is not None:
            sequence_length = arguments.row_lengths("sequence_length", sequence_length, inputs)
        checked = [tf.debugging.assert_positive(tf.shape(inputs)[1], "inputs must have 1 step or more")]
        with tf.control_dependencies(checked if sequence_length is None else [*checked, sequence_length]):
            inputs = _turned(inputs, sequence_length) if self.revers else tf.identity(inputs)
        return tf.transpose(inputs, perm=[1, 0, 2]), sequence_length

    def _run(self, inputs: tf.Tensor, h0) -> tf.Tensor:
        """The output of each step, time first."""
        time = tf.shape(inputs)[0]
        h0 = arguments.state("h0", h0, inputs[0], self.hidden_dim)
        gen_o = tf.TensorArray(self.dtype, size=time, dynamic_size=False, infer_shape=True)

        def _g_recurrence(i, x_t, h_tm1, gen_o):
            h_t = arguments.state("the new state", self.g_recurrent_unit(x_t, h_tm1), x_t, self.hidden_dim)
            gen_o = gen_o.write(i, self.g_output_unit(h_t))
            i_next = tf.minimum(i + 1, time - 1)  # the last step reads itself again, and does not use it
            return i + 1, tf.gather(inputs, i_next), h_t, gen_o

        start = (tf.constant(0), inputs[0], h0, gen_o)
        *_, gen_o = tf.while_loop(lambda i, *_: i < time, _g_recurrence, start)
        return gen_o.stack()

    def _placed(self, gen_o: tf.Tensor, sequence_length: tf.Tensor | None) -> tf.Tensor:
        """What was computed as (batch, time, width), put back at the time of the inputs if it is to be aligned."""
        outputs = tf.transpose(gen_o, perm=[1, 0, 2])
        return _turned(outputs, sequence_length) if self.revers and self.align else outputs

    def init_matrix(self, shape) -> tf.Tensor:
        """Initial values of a matrix: normal, with a standard deviation of 0.1."""
        return tf.random.normal(shape, stddev=0.1, dtype=self.dtype)

    def init_vector(self, shape) -> tf.Tensor:
        """Initial values of a bias: zeros."""
        return tf.zeros(shape, self.dtype)

    def create_recurrent_unit(self) -> Unit:
        """Make the weights, and the step from x (batch, emb_dim) and h (batch, hidden_dim) to the next h."""
        self.Wi, self.Ui, self.bi = self._gate("input_gate", "i")
        self.Wf, self.Uf, self.bf = self._gate("forget_gate", "f")
        self.Wc, self.Uc, self.bc = self._gate("control_gate", "c")

        def unit(x, previous_hidden_state):
            r = tf.sigmoid(tf.matmul(x, self.Wi) + tf.matmul(previous_hidden_state, self.Ui) + self.bi)
            z = tf.sigmoid(tf.matmul(x, self.Wf) + tf.matmul(previous_hidden_state, self.Uf) + self.bf)
            n = tf.tanh(tf.matmul(x, self.Wc) + tf.matmul(r * previous_hidden_state, self.Uc) + self.bc)
            return (1 - z) * n + z * previous_hidden_state

        return unit

    def _gate(self, name: str, letter: str) -> tuple[tf.Variable, tf.Variable, tf.Variable]:
        return (
            tf.Variable(self.init_matrix([self.emb_dim, self.hidden_dim]), name=f"{name}_w{letter}"),
            tf.Variable(self.init_matrix([self.hidden_dim, self.hidden_dim]), name=f"{name}_u{letter}"),
            tf.Variable(self.init_vector([self.hidden_dim]), name=f"{name}_bias"),
        )

    def create_output_unit(self) -> Unit:
        """Make the step from a state (batch, hidden_dim) to an output: here the state itself."""

        def unit(hidden_state):
            return hidden_state

        return unit

    def output(self) -> tf.Tensor:
        """The outputs: (batch, time, hidden_dim)."""
        return self.outputs


class GRUWithoutReset(GRU):
    """The tutorial's section 3.4, "remove reset gate": an override of the recurrent unit, with four matrices."""

    def create_recurrent_unit(self) -> Unit:
        """Make the weights of two gates, and the step."""
        self.Wf, self.Uf, self.bf = self._gate("forget_gate", "f")
        self.Wc, self.Uc, self.bc = self._gate("control_gate", "c")

        def unit(x, previous_hidden_state):
            z = tf.sigmoid(tf.matmul(x, self.Wf) + tf.matmul(previous_hidden_state, self.Uf) + self.bf)
            n = tf.tanh(tf.matmul(x, self.Wc) + tf.matmul(previous_hidden_state, self.Uc) + self.bc)
            return (1 - z) * n + z * previous_hidden_state

        return unit


class BiGRU:
    """The tutorial's section 3.5: one GRU forward, one reversed and aligned, their outputs side by side.

    unit: the class of both.

    Attributes: forward, backward, outputs. Raises what a GRU raises.
    """

    def __init__(self, inputs, emb_dim, hidden_dim, sequence_length=None, unit: type[GRU] = GRU):
        if not (isinstance(unit, type) and issubclass(unit, GRU)):
            raise TypeError(f"unit is {unit!r}, but must be tf_gru.tutorial.GRU or a class derived from it")
        self.forward = unit(inputs, emb_dim, hidden_dim, sequence_length)
        # A unit may have the tutorial's own constructor, which does not align.
        self.backward = unit(inputs, emb_dim, hidden_dim, sequence_length, revers=True)
        self.backward.align = True
        self.backward.outputs = self.backward._placed(self.backward.gen_o, self.backward._lengths)
        self.outputs = tf.concat([self.forward.outputs, self.backward.outputs], axis=-1)

    def recurrence(self, inputs, sequence_length=None, h0=None) -> tf.Tensor:
        """Outputs (batch, time, 2 * hidden_dim) for inputs of the dtype that it was made with.

        h0: the initial states [forward, backward], as for a GRU; None is zeros.
        """
        forward, backward = arguments.one_for_each_direction("h0", h0)
        outputs = [
            self.forward.recurrence(inputs, sequence_length, forward),
            self.backward.recurrence(inputs, sequence_length, backward),
        ]
        return tf.concat(outputs, axis=-1)

    def output(self) -> tf.Tensor:
        """The outputs: (batch, time, 2 * hidden_dim)."""
        return self.outputs


def _turned(values: tf.Tensor, sequence_length) -> tf.Tensor:
    """Each row turned within its length, or all of time; its own inverse."""
    if sequence_length is None:
        return tf.reverse(values, axis=[1])
    return tf.reverse_sequence(values, seq_lengths=sequence_length, seq_axis=1, batch_axis=0)
