"""Deviations that are not wrong: they look like mutants, but the claim allows every answer of theirs."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class gates_recurrent_bias_on_the_input_side(Emulated):
    """The recurrent bias of the update and the reset gate is added to the input's side.

    x W + b + h U + c is the same real number in any grouping, and the claim allows a gate's two biases to be added
    beforehand. The candidate's bias stays within the reset, because outside it would be wrong for reset after.
    """

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        moved = p.bias.copy()
        moved[0, :-1] += moved[1, :-1]
        moved[1, :-1] = 0
        return super().step(x, h, Parameters(p.kernel, p.recurrent_kernel, moved, p.reset))


class blend_from_the_candidate(Emulated):
    """The new state is written n + z (h - n), not z h + (1 - z) n.

    Both are the same real number, and the claim allows either rounding.
    """

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return n + z * (h - n)


class masked_steps_on_zeros(Emulated):
    """Masked inputs are replaced by zeros, and the steps on them are computed and discarded.

    A masked step copies the state, so the discarded numbers reach nothing.
    """

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        return super().direction(replace(case, inputs=np.where(case.valid[:, :, None], case.inputs, 0)), direction)
