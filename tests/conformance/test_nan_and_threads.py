"""A NaN that a step reads stays in its row, and two calls at once equal two calls alone if a GRU declares it."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.adapters.reference import Reference
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.clauses.laws import with_nan
from conformance.checks.judge import PROFILES, failure, judge
from conformance.checks.verdict import DECLINED, FAIL, PASS
from conformance.mutants import scratch_shared_between_threads
from conformance.mutants.emulated import Emulated
from tests.conformance.drawn import drawn

NAN, CALLS = BY_CLAUSE["nan-propagated"], BY_CLAUSE["calls-independent"]
LENGTHS = np.array([3, 5, 2])


class swallows(Emulated):
    """A GRU that reads 0 in place of NaN."""

    def step(self, x, h, p):
        return super().step(np.nan_to_num(x), h, p)


class recovers(Emulated):
    """A GRU that starts anew from zeros after a NaN."""

    def step(self, x, h, p):
        return super().step(x, np.nan_to_num(h), p)


class spreads(Emulated):
    """A GRU that adds a sum over the batch, times 0."""

    def step(self, x, h, p):
        return super().step(x, h + 0 * h.sum(axis=0), p)


class leaves_a_unit(Emulated):
    """A GRU that keeps the first unit free of NaN."""

    def blend(self, z, h, n):
        new = super().blend(z, h, n)
        new[:, 0] = np.nan_to_num(new[:, 0])
        return new


class reads_ahead(Emulated):
    """A GRU that is NaN from the first step on."""

    def direction(self, case, direction):
        outputs, final = super().direction(case, direction)
        outputs[np.isnan(outputs).any(axis=(1, 2))] = np.nan
        return outputs, final


class final_is_a_number(Emulated):
    """A GRU that returns a final state without NaN."""

    def final(self, case, outputs, h):
        return np.nan_to_num(h)


WRONG = (swallows, recovers, spreads, leaves_a_unit, reads_ahead, final_is_a_number)


def only(gru):
    """The GRU, returning only final states."""

    class Only:
        capabilities = replace(gru.capabilities, outputs=False)

        def run(self, case):
            return gru.run(case)._replace(outputs=None)

    return Only()


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_nan_that_is_swallowed_or_spread_is_seen(wrong):
    assert judge(wrong(), NAN, "float32", PROFILES["dev"], shrink=False).kind == FAIL


@pytest.mark.parametrize("wrong", [swallows, recovers, spreads, final_is_a_number], ids=lambda wrong: wrong.__name__)
def test_a_nan_that_is_swallowed_or_spread_is_seen_in_final_states(wrong):
    assert judge(only(wrong()), NAN, "float32", PROFILES["dev"], shrink=False).kind == FAIL
    assert judge(only(Emulated()), NAN, "float32", PROFILES["dev"], shrink=False).kind == PASS


@pytest.mark.parametrize("options", [{}, {"reverse": True}, {"merge": "apart"}, {"merge": "concat"}])
@pytest.mark.parametrize("padding", [{}, {"lengths": LENGTHS}, {"padded": True}])
@pytest.mark.parametrize("policy", ["carry", "zero"])
def test_an_honest_gru_passes_with_every_option(options, padding, policy):
    case = drawn(shape=(3, 5, 2, 4), masked_outputs=policy, **options, **padding)
    judgement, found = failure(Reference(), NAN, case)
    assert found is None and judgement.judged


def test_two_rows_read_a_nan_at_valid_steps_and_one_does_not():
    case = drawn(shape=(3, 5, 2, 4), lengths=LENGTHS)
    asked, reads = with_nan(case)
    assert np.argwhere(reads).tolist() == [[0, 1], [2, 1]]
    assert np.array_equal(np.isnan(asked.inputs).any(axis=2), reads)


def test_one_who_promises_nothing_of_nan_is_not_asked():
    class Fast(swallows):
        capabilities = replace(Emulated.capabilities, nan=False, because={"nan": "built with -ffast-math"})

    verdict = judge(Fast(), NAN, "float32", PROFILES["dev"])
    assert (verdict.kind, verdict.reason) == (DECLINED, "does not declare nan: built with -ffast-math")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_buffer_that_two_threads_share_is_seen_where_threads_are_declared(dtype):
    verdict = judge(scratch_shared_between_threads(), CALLS, dtype, PROFILES["dev"], shrink=False)
    assert verdict.kind == FAIL
    assert "one case, two answers: a call alone, and one beside a call from another thread" in verdict.reason


def test_a_buffer_is_nobodys_business_where_threads_are_not_declared():
    class Alone(scratch_shared_between_threads):
        capabilities = replace(Emulated.capabilities, threads=False)

    assert judge(Alone(), CALLS, "float32", PROFILES["dev"], shrink=False).kind == PASS


def test_one_who_refuses_a_second_thread_is_seen():
    class Owned(Emulated):
        busy = False

        def run(self, case):
            if self.busy:
                raise RuntimeError("in use")
            self.busy = True
            try:
                return super().run(case)
            finally:
                self.busy = False

    verdict = judge(Owned(), CALLS, "float32", PROFILES["dev"], shrink=False)
    assert (
        verdict.kind == FAIL
        and "a call beside one of another thread failed, run raised RuntimeError: in use" in verdict.reason
    )
