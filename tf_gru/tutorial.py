"""The GRU of a TensorFlow tutorial of 2020, for reading and overriding: six matrices, a TensorArray and
`tf.while_loop`.

The printed tutorial lost lines of code; here they are restored according to its formulas. It resets before the product.
It names both Wf and Uf `forget_gate_wf`; here Uf is `forget_gate_uf`.

The class works in a graph and session of `tf.compat.v1`, also after `disable_v2_behavior()`, and eagerly. In a
`tf.function`, call `recurrence` of an object that was made outside. For anything but reading, use `tf_gru.GRU`.

Pitfalls. Outputs of a reversed run are in the order of computation; a BiGRU needs align=True. `sequence_length` only
determines how a run is reversed: padding steps run too, after the row's steps. Therefore `outputs[:, -1]` is a row's
final state only if the row is as long as time and the run is not aligned in reverse (then it is `outputs[:, 0]`).

Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078, equations 5 to 8, with additional biases.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_gru import arguments
from tf_gru.static_shape import static_shape

Unit = Callable[..., tf.Tensor]


class GRU:
    """A GRU that makes its weights, runs its loop and computes its outputs in its constructor.

    Args:
        inputs: (batch, time, emb_dim), of a floating dtype, which the weights also get; time is at least 1.
        emb_dim: The width of the inputs.
        hidden_dim: The width of the state.
        sequence_length: The number of steps of each row, from 0 to time. It is always checked, but only a reversed run
            uses it. None means all steps.
        revers: True runs from the last step to the first. With sequence_length each row is reversed within its length,
            otherwise all of time is. (Doing both in turn would start each row in its padding.)
        align: True puts the outputs of a reversed run at the time of their inputs, like those of a forward run.

    Attributes:
        Wi, Ui, bi: The weights of the reset gate.
        Wf, Uf, bf: The weights of the update gate.
        Wc, Uc, bc: The weights of the candidate.
        emb_dim, hidden_dim: The widths.
        batch_size, time_step: The sizes of the constructor's inputs. They exist before the units are made.
        inputs: The constructor's inputs, time first, in the order of the run. They exist before the units are made.
        h0: The initial state.
        gen_o: The outputs of the constructor's inputs, time first, in the order of computation.
        outputs: The outputs (batch, time, hidden_dim).

    Raises:
        ValueError: If a value or shape does not fit.
        TypeError: If a type does not fit.
        tf.errors.InvalidArgumentError: If a value that only a graph knows does not fit. XLA drops this check of
        lengths.
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
        with tf.compat.v1.variable_scope("gru_init"):  # an override's get_variable takes its name from this scope
            self.g_recurrent_unit = self.create_recurrent_unit()
            self.g_output_unit = self.create_output_unit()
        self.h0 = tf.zeros([self.batch_size, self.hidden_dim], self.dtype)
        self.gen_o = self._run(self.inputs, self.h0)
        self.outputs = self._placed(self.gen_o, self._lengths)

    def recurrence(self, inputs, sequence_length=None, h0=None) -> tf.Tensor:
        """Outputs (batch, time, width of the output unit) for other inputs of the same dtype.

        Args:
            inputs: (batch, time, emb_dim).
            sequence_length: As for the constructor.
            h0: (batch, hidden_dim); None means zeros.

        Returns:
            The outputs.

        Raises:
            ValueError: As the constructor does.
        """
        inputs, sequence_length = self._in_order(inputs, sequence_length)
        if h0 is None:
            h0 = tf.zeros([tf.shape(inputs)[1], self.hidden_dim], self.dtype)
        return self._placed(self._run(inputs, h0), sequence_length)

    def _in_order(self, inputs, sequence_length) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Check inputs and lengths. Returns the inputs, time first, in the order of the run, and the lengths."""
        inputs = arguments.sequence(inputs)
        inputs = arguments.tensor("inputs", inputs, self.dtype, (None, None, self.emb_dim), "emb_dim is its last size")
        if static_shape(inputs)[1] == 0:
            raise ValueError("inputs has no steps, but must have 1 or more: use tf_gru.GRU, which allows none")
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
        """The outputs as (batch, time, width), at the time of the inputs if the run is aligned."""
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
        """Make the function from a state (batch, hidden_dim) to an output; here it returns the state."""

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
    """The tutorial's section 3.5: one GRU forward and one reversed and aligned, with their outputs side by side.

    Args:
        inputs: As for `GRU`.
        emb_dim: As for `GRU`.
        hidden_dim: As for `GRU`.
        sequence_length: As for `GRU`.
        unit: The class of both directions.

    Attributes:
        forward: The forward GRU.
        backward: The reversed GRU.
        outputs: (batch, time, 2 hidden_dim).

    Raises:
        ValueError: As `GRU` does.
        TypeError: If unit is not derived from `GRU`.
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
        """Outputs (batch, time, 2 hidden_dim) for other inputs of the same dtype.

        h0: the initial states [forward, backward], as for a GRU; None means zeros.
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
    """Reverse each row within its length, or all of time. This is its own inverse."""
    if sequence_length is None:
        return tf.reverse(values, axis=[1])
    return tf.reverse_sequence(values, seq_lengths=sequence_length, seq_axis=1, batch_axis=0)
