"""The sequence and its derivative in chunks of time, so that the tensors of all steps exist for one chunk at a time.

A sequence of T steps has about the square root of T chunks, each of that many steps. Forward, the projected inputs live
as long as their chunk. Backward, a chunk's gates are computed again from its states, and the weights' gradients add up.
So beside inputs, states and weights, memory grows with the square root of time (Chen et al. 2016, arXiv:1604.06174);
the states are kept whole, because they are the outputs. All chunks have the same length: if T is no multiple of it, the
last chunk begins with steps of the chunk before, and these are masked.

Left out: the equations of a chunk (see recurrence.py, which this module uses).
"""

from typing import NamedTuple

import tensorflow as tf

from tf_gru.kernels import recurrence
from tf_gru.kernels.masked import or_zeros
from tf_gru.kernels.recurrence import Plan, Weights
from tf_gru.static_shape import static_shape


def forward(inputs, h, weights: Weights, valid, plan: Plan) -> tuple[tf.Tensor, tf.Tensor]:
    """All states (batch, time, units), and the final state. inputs and valid have the batch first too."""
    cut = _cut(inputs)
    array = tf.TensorArray(h.dtype, size=cut.many, element_shape=(None, None, static_shape(h)[-1]))

    def advance(done, h, array):
        chunk = cut.many - 1 - done if plan.reverse else done
        counts = cut.counts(chunk, valid, tf.shape(h)[0])
        x = recurrence.projected(or_zeros(counts, cut.read(chunk, inputs)), weights)
        states, h, _ = recurrence.forward(x, h, weights, counts, plan)
        return done + 1, h, array.write(done, states)  # in order, because tf2onnx appends, whatever the index

    _, final_state, array = _loop(cut.many, advance, (tf.constant(0), h, array))
    chunks = array.stack()
    return cut.joined(tf.reverse(chunks, [0]) if plan.reverse else chunks), final_state


def backward(inputs, h, weights: Weights, valid, states, d_states, d_final, plan: Plan) -> list[tf.Tensor]:
    """The cotangents of inputs, initial state and weights."""
    cut, start = _cut(inputs), h
    array = tf.TensorArray(inputs.dtype, size=cut.many, element_shape=(None, None, static_shape(inputs)[-1]))
    nothing = [tf.zeros_like(weight) for weight in weights if weight is not None]

    def retreat(done, dh, array, sums):
        chunk = done if plan.reverse else cut.many - 1 - done
        counts = cut.counts(chunk, valid, tf.shape(start)[0])
        x = _where(counts, cut.read(chunk, inputs))
        reached, d_reached = cut.read(chunk, states), _where(cut.own(chunk), cut.read(chunk, d_states))
        h = cut.start(chunk, states, start, plan.reverse)
        d_inputs, dh, *found = recurrence.backward(x, h, weights, counts, [reached], d_reached, dh, plan)
        sums = [total + each for total, each in zip(sums, found, strict=True)]
        return done + 1, dh, array.write(chunk, _where(counts, d_inputs)), sums

    _, dh, array, sums = _loop(cut.many, retreat, (tf.constant(0), d_final, array, nothing))
    return [cut.joined(array.stack()), dh, *sums]


class _Cut(NamedTuple):
    """The division of time into chunks: the number of chunks and the steps of each."""

    time: tf.Tensor
    many: tf.Tensor
    steps: tf.Tensor

    def begin(self, chunk) -> tf.Tensor:
        """The time at which a chunk begins."""
        return tf.minimum(chunk * self.steps, self.time - self.steps)

    def read(self, chunk, values) -> tf.Tensor:
        """A chunk's steps of (batch, time, width), time first."""
        batch = tf.shape(values)[0]
        steps = tf.slice(values, (0, self.begin(chunk), 0), (batch, self.steps, static_shape(values)[-1]))
        return tf.transpose(steps, (1, 0, 2))

    def own(self, chunk) -> tf.Tensor:
        """(steps, 1, 1): True for steps that are not in the chunk before."""
        return (self.begin(chunk) + tf.range(self.steps) >= chunk * self.steps)[:, None, None]

    def counts(self, chunk, valid, batch) -> tf.Tensor:
        """(steps, batch, 1): True for valid steps that are not in the chunk before."""
        own = tf.broadcast_to(self.own(chunk), (self.steps, batch, 1))
        return own if valid is None else own & self.read(chunk, valid[:, :, None])

    def start(self, chunk, states, start, reverse: bool) -> tf.Tensor:
        """The state from which a chunk starts. If its first step belongs to the chunk before, nothing reads this
        state.
        """
        begin = self.begin(chunk)
        first, at = (begin + self.steps == self.time, begin + self.steps) if reverse else (begin == 0, begin - 1)
        return tf.where(first, start, states[:, tf.clip_by_value(at, 0, self.time - 1)])

    def joined(self, chunks) -> tf.Tensor:
        """Join (chunks, steps, batch, width) to (batch, time, width)."""
        batch, width, before = tf.shape(chunks)[2], static_shape(chunks)[-1], (self.many - 1) * self.steps
        chunks = tf.transpose(chunks, (2, 0, 1, 3))
        own = self.time - before
        return tf.concat(
            [tf.reshape(chunks[:, :-1], (batch, before, width)), chunks[:, -1, self.steps - own :]], axis=1
        )


def _cut(inputs) -> _Cut:
    time = tf.shape(inputs)[1]
    steps = tf.cast(tf.math.ceil(tf.sqrt(tf.cast(time, tf.float32))), tf.int32)
    return _Cut(time, (time + steps - 1) // steps, steps)


def _loop(count, body, start):
    """Run one chunk after another, each only after the previous one is freed."""
    return tf.while_loop(
        lambda done, *_: done < count, body, start, maximum_iterations=recurrence.bound(count), parallel_iterations=1
    )


def _where(counts, values) -> tf.Tensor:
    """The values where a step counts, and zeros elsewhere."""
    return tf.where(counts, values, tf.zeros_like(values))
