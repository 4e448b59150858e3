"""tf.raw_ops.GRUBlockCell on the CPU, eager: one step after the other."""

import numpy as np
import tensorflow as tf

from conformance.adapters.cells import left_to_the_caller, not_called
from conformance.adapters.tensorflow_arithmetic import EIGEN
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs
from reference import merge_biases
from reference.layouts import to_rnn_cell

ACTIVATION, SOURCE = EIGEN["float32"]
NAMES = {"w_ru": "gates/kernel", "b_ru": "gates/bias", "w_c": "candidate/kernel", "b_c": "candidate/bias"}


class BlockCell:
    """The operator, which receives its weights at each step."""

    packages = ("tensorflow",)
    capabilities = Capabilities(
        arithmetic={
            "float32": Arithmetic(
                dtype="float32", activation=ACTIVATION, summation="any order", flush=True, source=SOURCE
            )
        },
        resets=("before",),
        zero_batch=True,
        because={
            "float64": "GRUBlockCell is float32 only",
            "reset after": "GRUBlockCell resets before the product only",
            "reset none": "GRUBlockCell always has a reset gate",
            "gradients": "TensorFlow 2 registers no gradient of GRUBlockCell",
            **not_called("GRUBlockCell"),
            **left_to_the_caller("GRUBlockCell"),
        },
    )

    def run(self, case: Case) -> Outputs:
        """Compute the states of all steps, and the last state."""
        arrays = to_rnn_cell(merge_biases(case.single))
        weights = {name: tf.constant(arrays[of]) for name, of in NAMES.items()}
        state, states = tf.constant(case.starts[0]), []
        for x in case.inputs.swapaxes(0, 1):
            state = tf.raw_ops.GRUBlockCell(x=tf.constant(x), h_prev=state, **weights).h
            states.append(np.array(state))
        return Outputs(np.stack(states, axis=1), states[-1].copy())


gru = BlockCell()
