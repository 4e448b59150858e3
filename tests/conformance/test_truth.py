"""truth() is the whole answer, with every number rounded as in an independent evaluation; docs/citing.md runs."""

import json
from dataclasses import replace

import numpy as np
import pytest

from conformance.interface.case import MERGES, POLICIES, Case, InvalidCase, Outputs
from conformance.truth import certified as module
from conformance.truth import forward as oracle
from conformance.truth.certified import Steps, Truth, truth
from conformance.truth.forward import certify
from conformance.truth.gradients import certify_gradients
from tests.conformance.oracle_cases import MASK, drawn, drawn_alone, drawn_cotangents
from tests.conformance.tape import evaluated, same
from tests.documents import blocks

RESETS = ("after", "before", "none")


def answers(case: Case) -> bool:
    """True if every number equals the tape's, in all outputs, final states and steps."""
    return same(truth(case), evaluated(case))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("direction", [0, 1], ids=["forward", "reverse"])
@pytest.mark.parametrize("reset", RESETS)
def test_one_direction(reset, direction, policy):
    assert answers(drawn_alone(direction, reset=reset, mask=MASK, masked_outputs=policy))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("reset", RESETS)
def test_two_directions(reset, merge, policy):
    assert answers(drawn(reset=reset, merge=merge, mask=MASK, masked_outputs=policy))


WRONG = {
    "the gates swapped": (module, "Steps", lambda z, r, n, h: Steps(r, z, n, h)),
    "the policy ignored": (oracle, "visible_steps", lambda case, k: np.ones((case.batch, case.time), bool)),
    "zero before the first alone": (oracle, "visible_steps", lambda case, k: np.cumsum(case.valid, 1) > 0),
    "the merge halved": (oracle, "merged", lambda case, parts: (parts[0] + parts[1]) / 4),
    "both directions alike": (oracle, "order", lambda case, k: range(case.time)),
    "tanh for sigma": (oracle, "sigma", np.tanh),
}


@pytest.mark.parametrize(("where", "name", "replacement"), WRONG.values(), ids=WRONG)
def test_a_wrong_truth_is_seen(monkeypatch, where, name, replacement):
    case = drawn(merge="ave", mask=MASK, masked_outputs="zero")
    monkeypatch.setattr(where, name, replacement)
    assert not answers(case)


def test_the_states_are_those_of_certify():
    case = drawn(merge="apart", mask=MASK)
    found, states = truth(case), certify(case)
    assert all(np.array_equal(step.h, h, equal_nan=True) for step, h in zip(found.steps, states.outputs, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(found.final_state, states.final_state, strict=True))


def test_the_certificate_covers_answer_and_gradients():
    case = drawn(mask=MASK)
    alone, gradients = truth(case), certify_gradients(case, drawn_cotangents(case))
    both = truth(case, drawn_cotangents(case))
    assert alone.gradients is None and both.gradients is not None
    assert np.array_equal(both.gradients.kernel, gradients.gradients.kernel)
    assert both.bits == max(alone.bits, gradients.bits)
    assert both.radius == max(alone.radius, gradients.radius)


def test_an_exact_number_has_no_radius():
    found = truth(drawn(2, 0, 3, 2), Outputs(None, np.ones((2, 2))))
    assert found.radius is None and found.bits == 64
    assert found.outputs.shape == (2, 0, 2) and found.steps[0].z.shape == (2, 0, 2)


def test_a_merge_is_rounded_once_not_after_each_direction_is():
    case = drawn(4, 20, 3, 2, merge="ave")
    forward, backward = truth(replace(case, merge="apart")).outputs
    assert not np.array_equal(truth(case).outputs, (forward + backward) / 2)


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("merge", [None, "sum", "apart"])
def test_it_travels_as_json_bit_for_bit(merge, reset):
    case = drawn(2, 3, 2, 2, merge=merge, reset=reset, lengths=np.array([0, 2]))
    found = truth(case, drawn_cotangents(case))
    again = Truth.from_json(json.loads(json.dumps(found.to_json())))
    assert again.to_json() == found.to_json()
    assert (again.bits, again.radius, type(again.steps[0])) == (found.bits, found.radius, Steps)
    assert repr(again) == repr(found)


def test_without_gradients_there_are_none_in_json():
    assert Truth.from_json(truth(drawn(1, 1, 1, 1)).to_json()).gradients is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"proof": 1}, 'the truth has the unknown key "proof"'),
        ({"steps": 3}, "steps is 3, expected a list, one object for each direction"),
        ({"steps": [{}]}, "steps lacks z, r, n, h"),
        ({"steps": [{"z": None, "gate": 0}]}, 'steps has the unknown key "gate"'),
        ({"gradients": {"weights": 0}}, 'gradients has the unknown key "weights"'),
        ({"bits": "64"}, "bits and radius: got '64' and .*, expected an integer, and one or null"),
        ({"radius": 0.5}, "bits and radius"),
        ({"outputs": [None, None, None]}, "outputs is a list of 3, expected an array, or a list of two"),
        ({"outputs": {"shape": [9], "values": []}}, r"outputs has 0 values, but its shape \[9\]"),
        ({"outputs": {"shape": [1, 1, 1], "values": ["0x1p99999"]}}, "above the largest float64 number"),
    ],
)
def test_json_with_something_that_would_be_read_wrongly_or_not_at_all_is_refused(change, message):
    with pytest.raises(InvalidCase, match=message):
        Truth.from_json({**truth(drawn(1, 1, 1, 1)).to_json(), **change})


def test_numbers_that_are_read_must_be_finite():
    case = drawn(1, 2, 2, 2)
    case.inputs[0, 1, 0] = np.inf
    with pytest.raises(InvalidCase, match=r"inputs\[0, 1, 0\] is inf, but"):
        truth(case)


def test_the_python_of_the_document_runs(capsys):
    (code,) = blocks("docs/citing.md", "python")
    exec(code, {})
    assert capsys.readouterr().out.count("0x1.") == 1
