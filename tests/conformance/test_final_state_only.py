"""A GRU that returns its final state only is judged by the bound of its whole run, and by nothing else."""

import re
from dataclasses import replace

import numpy as np
import pytest

from conformance.checks.check import Check
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import failure, judge, wired
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, Verdict
from conformance.cli.report.failure import failure_text
from conformance.interface.adapter import Adapter, Malformed, ask
from conformance.interface.case import Case, Gradients, Outputs
from conformance.interface.numbers import written
from conformance.interface.strategies import SMALL
from conformance.mutants import (
    gates_swapped,
    gradient_at_masked_inputs,
    initial_state_ignored,
    length_off_by_one,
    mask_taken_for_a_length,
    reverse_ignored,
    reverse_starts_in_the_padding,
    tf32_products,
)
from conformance.mutants.emulated import Emulated
from conformance.vectors.files import stored
from conformance.vectors.replay import judge_vector
from tests.conformance.any_order import Scaled
from tests.conformance.drawn import drawn
from tests.conformance.profiles import OWN


def only(gru: Emulated) -> Adapter:
    """An adapter that returns its final states only."""
    return Adapter(
        lambda case: Outputs(None, gru.run(case).final_state),
        replace(gru.capabilities, outputs=False),
        gru.gradients,
    )


def small(clause: str) -> Check:
    """A clause's check on small cases, because a whole run's bound costs more than a step's."""
    check = BY_CLAUSE[clause]
    return replace(check, sizes=(SMALL,)) if clause.startswith("step") else check


def verdict(gru, clause: str, dtype: str = "float32") -> Verdict:
    return judge(gru, small(clause), dtype, OWN)


def test_clauses_that_need_outputs_are_declined_by_name():
    declined = {check.clause: check.declined(only(Emulated()).capabilities) for check in CHECKS}
    reason = "does not declare outputs"
    assert {clause: why for clause, why in declined.items() if why} == {
        "final-state": reason, "masked-outputs": reason, "merge": reason,
    }  # fmt: skip
    assert verdict(only(Emulated()), "final-state").kind == DECLINED


ASKED = (
    "step-after", "step-before", "step-none", "shape-and-dtype", "initial-state-none", "time-zero", "batch-zero",
    "lengths", "length-zero", "masks", "reverse-masked", "bidirectional-masked", "gradients-masked",
    "calls-independent", "split", "units-permuted", "padding-appended", "time-reversed",
)  # fmt: skip


@pytest.mark.parametrize("clause", ASKED)
def test_an_honest_one_passes(clause):
    found = verdict(only(Emulated()), clause)
    assert (found.kind, found.reason) == (PASS, "")
    assert found.judged and found.margin < 1


def test_an_honest_one_is_wired_rightly():
    assert wired(only(Emulated())) is None


@pytest.mark.parametrize(
    ("mutant", "clause"),
    [
        (tf32_products, "step-after"),
        (tf32_products, "step-before"),
        (tf32_products, "split"),
        (tf32_products, "lengths"),
        (gates_swapped, "step-after"),
        (gates_swapped, "step-before"),
        (gates_swapped, "masks"),
        (initial_state_ignored, "step-none"),
        (initial_state_ignored, "time-zero"),
        (length_off_by_one, "lengths"),
        (length_off_by_one, "padding-appended"),
        (mask_taken_for_a_length, "masks"),
        (reverse_ignored, "time-reversed"),
        (reverse_starts_in_the_padding, "reverse-masked"),
        (reverse_starts_in_the_padding, "bidirectional-masked"),
        (gradient_at_masked_inputs, "gradients-masked"),
    ],
)
def test_a_wrong_one_fails(mutant, clause):
    found = verdict(only(mutant()), clause)
    assert found.kind == FAIL
    assert found.finding is not None
    assert found.finding.where.startswith(("final_state", "gradients.inputs"))


def test_the_finding_says_which_bound_it_broke():
    found = verdict(only(gates_swapped()), "step-after")
    assert "the final state is not within the bound of the whole run of float32" in found.reason


class Sees(Emulated):
    """A subject that stores the cotangents that it received."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        self.given = cotangents
        return super().gradients(case, cotangents)


@pytest.mark.parametrize("clause", ["gradients", "masked-gradient", "padding-gradient"])
def test_gradients_are_judged_for_final_states_alone(clause):
    gru = Sees()
    assert verdict(only(gru), clause).kind == PASS
    assert not np.any(gru.given.outputs)
    assert np.all(gru.given.final_state)


def test_gradients_off_by_a_small_factor_fail():
    assert verdict(only(Scaled(1.0005)), "gradients").kind == FAIL


def test_a_failure_shows_the_cotangents_that_were_given():
    found = verdict(only(Scaled(1.5)), "gradients")
    (shown,) = (line for line in failure_text("any", found) if "cotangents of outputs:" in line)
    assert set(re.findall(r"[\d.]+", shown)) == {"0"}
    gru = Sees()
    failure(only(gru), BY_CLAUSE["gradients"], Case.from_text(found.again or ""))
    assert found.cotangents == written(gru.given)


def test_golden_vectors_of_gradients_are_judged_for_final_states_alone_too():
    gru = Sees()
    assert judge_vector(only(gru), stored()["gradients-one-step"], "float32").kind == PASS
    assert not np.any(gru.given.outputs)
    failed = judge_vector(only(Scaled(1.5)), stored()["gradients-one-step"], "float32")
    assert failed.kind == FAIL
    assert failed.cotangents == written(gru.given)


def test_outputs_that_were_declared_absent_are_malformed():
    talkative = Adapter(Emulated().run, replace(Emulated.capabilities, outputs=False), Emulated().gradients)
    with pytest.raises(Malformed, match="outputs is a ndarray, but a subject that declares none must return None"):
        ask(talkative, drawn())
    found = verdict(talkative, "step-after")
    assert found.kind == ERROR and "must return None" in found.reason
    assert verdict(talkative, "shape-and-dtype").kind == FAIL


def test_outputs_that_were_declared_and_are_absent_are_malformed():
    silent = replace(only(Emulated()), capabilities=Emulated.capabilities)
    with pytest.raises(Malformed, match="outputs is None, but must be a NumPy array"):
        ask(silent, drawn())
