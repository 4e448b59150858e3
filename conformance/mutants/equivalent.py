"""Deviations that are none: they look like mutants, and every answer of theirs is one that the claim allows."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class gates_recurrent_bias_on_the_input_side(Emulated):
    """The recurrent bias of the update and the reset gate is added to the input's side.

    x W + b + h U + c is the same real number however it is grouped, and the claim lets a gate's two biases be added
    beforehand. The candidate's stays within the reset: outside, it would be wrong where the reset acts after.
    """

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        moved = p.bias.copy()
        moved[0, :-1] += moved[1, :-1]
        moved[1, :-1] = 0
        return super().step(x, h, Parameters(p.kernel, p.recurrent_kernel, moved, p.reset))


class blend_from_the_candidate(Emulated):
    """The new state is written n + z (h - n), not z h + (1 - z) n.

    Both are the same real number, and the claim leaves open which of the two is rounded.
    """

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return n + z * (h - n)


class masked_steps_on_zeros(Emulated):
    """Masked inputs are replaced by zeros, and the steps on them are computed and thrown away.

    A masked step copies the state, so what was computed there reaches nothing.
    """

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        return super().direction(replace(case, inputs=np.where(case.valid[:, :, None], case.inputs, 0)), direction)
