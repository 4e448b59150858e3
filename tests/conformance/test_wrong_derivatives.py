"""A derivative that is wrong in one place is outside its bounds, and so is a final state from rough products."""

import numpy as np
import pytest

from conformance.checks.runs import judge_final_states
from conformance.mutants import tf32_products
from conformance.mutants.emulated import Emulated
from tests.conformance.any_order import AnyOrder, Scaled, native
from tests.conformance.drawn import claim, drawn, judged

RESETS = ("after", "before", "none")


class NothingThroughTheResetGate(AnyOrder):
    def pull_reset(self, of, d, scaled):
        return np.zeros_like(d)


class NothingThroughTheUpdateGate(AnyOrder):
    def pull_update(self, z, dz):
        return np.zeros_like(dz)


class TruncatedInTime(AnyOrder):
    """A GRU whose last two steps pass no gradient to earlier ones."""

    def back_through_time(self, *arguments):
        self.left = 2
        return super().back_through_time(*arguments)

    def pull(self, *arguments):
        self.left -= 1
        pulled = super().pull(*arguments)
        return pulled if self.left else pulled._replace(terms=[np.zeros_like(term) for term in pulled.terms])


class NoRecurrentBias(AnyOrder):
    def gradients(self, case, cotangents):
        right = super().gradients(case, cotangents)
        return right._replace(bias=np.stack([right.bias[0], np.zeros_like(right.bias[1])]))


class MaskedOutputsUnheard(AnyOrder):
    """A GRU that ignores cotangents at masked steps, although the output there is a state."""

    def gradients(self, case, cotangents):
        heard = np.where(case.valid[:, :, None], cotangents.outputs, 0).astype(case.dtype)
        return super().gradients(case, cotangents._replace(outputs=heard))


class OneStepOffAtMaskedSteps(AnyOrder):
    """A GRU that passes a masked output's cotangent to the step after it."""

    def gradients(self, case, cotangents):
        moved = cotangents.outputs.copy()
        for row, t in np.argwhere(~case.valid[:, :-1]):
            moved[row, t + 1] += moved[row, t]
            moved[row, t] = 0
        return super().gradients(case, cotangents._replace(outputs=moved))


class InputsOneStepOff(AnyOrder):
    """A GRU whose gradient to the inputs belongs to the step before, in padded rows."""

    def gradients(self, case, cotangents):
        right = super().gradients(case, cotangents)
        return right._replace(
            inputs=np.where(case.valid.all(1)[:, None, None], right.inputs, np.roll(right.inputs, 1, 1))
        )


WRONG = AnyOrder.__subclasses__()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_derivative_is_outside(wrong, reset, dtype):
    case = drawn(dtype, (2, 5, 2, 3), reset=reset, padded=True)
    assert not judged(case, native(1), claim(dtype)).findings
    assert judged(case, native(1, wrong), claim(dtype)).findings


@pytest.mark.parametrize(("dtype", "factor"), [("float32", 1.0005), ("float64", 1 + 1e-12)])
@pytest.mark.parametrize("units", [4, 8])
@pytest.mark.parametrize("reset", RESETS)
def test_gradients_off_by_a_small_factor_are_outside(reset, units, dtype, factor):
    case = drawn(dtype, (1, 8, 3, units), reset=reset)
    assert not judged(case, Scaled(1), claim(dtype)).findings
    assert judged(case, Scaled(factor), claim(dtype)).findings


@pytest.mark.parametrize("units", [4, 8])
def test_tf32_products_are_outside_where_only_the_final_state_is_seen(units):
    case = drawn("float32", (1, 8, 3, units))
    honest, rough = (
        judge_final_states(case, gru.run(case).final_state, claim()) for gru in (Emulated(), tf32_products())
    )
    assert honest.judged == rough.judged == units
    assert not honest.findings
    assert rough.findings


def test_float64_is_judged_at_its_own_level_where_only_the_final_state_is_seen():
    case = drawn("float64", (1, 8, 3, 4))
    right = Emulated().run(case).final_state
    assert not judge_final_states(case, right, claim("float64")).findings
    assert judge_final_states(case, right * (1 + 1e-12), claim("float64")).findings
