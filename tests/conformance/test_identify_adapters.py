"""What is found of the adapters in the tree, from their answers alone, is what they declare."""

import pytest

from conformance.adapter import GRU
from conformance.adapters import load
from conformance.identify import Identity
from conformance.identify.apart import identify_apart
from conformance.identify.around import ANSWERED, INITIAL, USED, ZEROS
from conformance.identify.hypotheses import KEEPS

SUBJECTS = ("torch", "onnxruntime", "keras:eager", "tf_gru:eager")
"""One for each framework; the other paths of keras and tf_gru share their weights and their arguments with these."""

DECLARED_AND_WRONG = {"onnxruntime": {"a row of length 0": ZEROS}}
"""What is declared, and fails when it is judged (clause length-zero): identify says what is there instead."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_is_declared_is_found(name):
    gru, identity = load(name), identify_apart(name, 120)
    assert set(gru.capabilities.arithmetic) <= set(identity.formats)
    _steps(gru, identity)
    _around(name, gru, identity)


def _steps(gru: GRU, identity: Identity) -> None:
    can = gru.capabilities
    for step in (step for step in identity.steps if step.dtype in can.arithmetic):
        if step.asked not in can.resets:
            assert step.traits["reset"] == "refused", step
            continue
        blocks = "z n" if step.asked == "none" else "z r n"
        told = [step.asked, KEEPS, blocks, blocks, "as given", "sigma and tanh"]
        assert list(step.traits.values())[:6] == told
        assert step.traits["biases"] in ("B6", "B3" if step.asked != "after" else "B6")
        assert step.traits["precision"] != "unknown"


def _around(name: str, gru: GRU, identity: Identity) -> None:
    can, found = gru.capabilities, identity.around
    assert (found["initial state"] == USED) == can.initial_state
    policies = can.masked_outputs
    for policy in policies:
        if can.lengths:
            assert found[f"lengths, {policy} asked"] == ("carry" if policy == "zero-before-first" else policy)
            assert found[f"lengths, {policy} asked: final state"].startswith("after the last valid step")
        assert (found[f"masks, {policy} asked"] == policy) == can.masks
    for policy in can.bidirectional_masked_outputs:
        expected = "carry" if policy == "zero-before-first" else policy
        assert found[f"both directions, lengths, {policy} asked"] == expected
    for merge in can.merges:
        assert found[f"both directions, {merge}"] == "as specified"
    wrong = DECLARED_AND_WRONG.get(name, {})
    expected = wrong.get("a row of length 0", INITIAL)
    assert (found["a row of length 0"] == expected) == can.zero_length
    assert (found["reverse"] == "aligned") == can.reverse
    if can.zero_time:
        assert found["no time"] == INITIAL
    if can.zero_batch:
        assert found["no rows"] == ANSWERED
    assert (found["gradients"] == "given") == can.gradients
