"""Faults that docs/error-analysis.md names as not seen. Each is a real deviation, and each is within every bound."""

import numpy as np
import pytest

from conformance.checks.clauses.gradients import cotangents
from conformance.checks.steps import judge_steps
from conformance.interface.case import Gradients
from conformance.mutants.emulated import Emulated
from tests.conformance.drawn import claim, drawn, judged


class RoundedUp(Emulated):
    """Every state is the next number above."""

    def blend(self, z, h, n):
        return np.nextafter(super().blend(z, h, n), np.array(np.inf, h.dtype))


class SumsRoundedDown(Emulated):
    """Each addition of a sum is rounded down."""

    def product(self, a, b):
        total = np.zeros((len(a), b.shape[1]))
        for column, row in zip(a.T.astype(np.float64), b.astype(np.float64), strict=True):
            exact = total + column[:, None] * row
            near = exact.astype(np.float32)
            total = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float64)
        return total.astype(a.dtype)


class LargeGradients(Emulated):
    """All gradients are too large by 2^-20 of themselves."""

    def gradients(self, case, cotangents):
        found = super().gradients(case, cotangents)
        return Gradients(*((part * (1 + 2.0**-20)).astype(part.dtype) for part in found))


@pytest.mark.parametrize("subject", [RoundedUp(), SumsRoundedDown()])
def test_errors_of_one_sign_within_their_bounds_pass(subject):
    case = drawn(shape=(4, 8, 64, 64), seed=1, start=False)
    answer, honest = subject.run(case).outputs, Emulated().run(case).outputs
    judgement, _ = judge_steps(case, answer, claim())
    assert judgement.judged and not judgement.findings
    assert not np.array_equal(answer, honest)


def test_a_common_factor_within_the_bounds_passes():
    case = drawn(shape=(4, 8, 3, 8), seed=1)
    judgement = judged(case, LargeGradients(), claim())
    assert judgement.judged and not judgement.findings
    given = cotangents(case)
    large, honest = (gru.gradients(case, given) for gru in (LargeGradients(), Emulated()))
    assert not np.array_equal(large.kernel, honest.kernel)
