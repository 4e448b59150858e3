"""A GRU in jax.lax.scan, compiled by jax.jit: one product for all inputs, the loop computes the rest.

Left out: Flax and Equinox, whose cells are scanned in the same way.
"""

import os
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import Program, gradients_of
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.interface.arithmetic import Arithmetic
from reference import Gradients, to_keras

CLAIM = Arithmetic(dtype="float32", activation="8 ULP", flush=True, source="XLA's tanh and logistic, as for tf_gru:xla")


def program(subject: str, row: Row) -> Program:
    """Make a program whose compiled function has weights, inputs, lengths and cotangents as arguments."""
    del subject
    given = problem(row)
    step = {"after": _after, "before": _before}[row.reset]
    weights = [tuple(jnp.asarray(array) for array in to_keras(p)) for p in given.parameters]
    inputs, cotangents = jnp.asarray(given.inputs), jnp.asarray(given.cotangents)
    valid = None if given.lengths is None else jnp.asarray(given.valid)

    def gru(inputs, weights, valid):
        return jnp.concatenate([_scan(step, inputs, w, valid, bool(i)) for i, w in enumerate(weights)], axis=-1)

    def trained(inputs, weights, valid, cotangents):
        outputs, back = jax.vjp(lambda inputs, weights: gru(inputs, weights, valid), inputs, weights)
        return outputs, back(cotangents)

    forward, training = jax.jit(gru), jax.jit(trained)

    def gradients(cotangents: np.ndarray) -> list[Gradients]:
        _, (of_inputs, of_weights) = training(inputs, weights, valid, jnp.asarray(cotangents))
        return [gradients_of(np.asarray(of_inputs), [np.array(array) for array in w], row.reset) for w in of_weights]

    trains = row.step == "training"
    once = partial(training, inputs, weights, valid, cotangents) if trains else partial(forward, inputs, weights, valid)
    return Program(
        run=lambda: jax.block_until_ready(once()),
        outputs=lambda: np.asarray(forward(inputs, weights, valid)),
        gradients=gradients if trains else None,
        claim=CLAIM,
        threads=len(os.sched_getaffinity(0)),  # the size of XLA's pool; jax itself does not report it
    )


def forget() -> None:
    """Drop compiled functions of finished rows."""
    jax.clear_caches()


def _scan(step, inputs, weights, valid, reverse: bool):
    kernel, recurrent_kernel, bias = weights
    units = recurrent_kernel.shape[0]
    input_bias = bias[0] if bias.ndim == 2 else bias
    recurrent_bias = bias[1] if bias.ndim == 2 else None
    x = inputs.swapaxes(0, 1) @ kernel + input_bias
    start = jnp.zeros((inputs.shape[0], units), inputs.dtype)
    if valid is None:

        def advance(h, x):
            h = step(x, h, recurrent_kernel, recurrent_bias)
            return h, h

        _, outputs = jax.lax.scan(advance, start, x, reverse=reverse)
    else:

        def advance_valid(h, x_and_valid):
            x, counts = x_and_valid
            h = jnp.where(counts, step(x, h, recurrent_kernel, recurrent_bias), h)
            return h, h

        _, outputs = jax.lax.scan(advance_valid, start, (x, valid.T[:, :, None]), reverse=reverse)
    return outputs.swapaxes(0, 1)


def _after(x, h, U, c):
    x_z, x_r, x_n = jnp.split(x, 3, axis=-1)
    h_z, h_r, h_n = jnp.split(h @ U + c, 3, axis=-1)
    z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
    return z * h + (1 - z) * jnp.tanh(x_n + r * h_n)


def _before(x, h, U, c):
    del c
    units = h.shape[-1]
    x_z, x_r, x_n = jnp.split(x, 3, axis=-1)
    h_z, h_r = jnp.split(h @ U[:, : 2 * units], 2, axis=-1)
    z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
    return z * h + (1 - z) * jnp.tanh(x_n + (r * h) @ U[:, 2 * units :])
