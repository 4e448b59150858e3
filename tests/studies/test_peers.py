"""Other suites' tests: the honest GRU passes, known mutants do not, and the record is up to date."""

import numpy as np
import pytest

from conformance.mutants import MUTANTS
from conformance.mutants.contract import inputs_overwritten
from conformance.mutants.emulated import Emulated
from conformance.mutants.gates import gates_swapped, update_sense_flipped
from conformance.mutants.gradients import gradients_off_by_a_factor
from conformance.mutants.history import only_the_last_32_steps_run
from conformance.mutants.padding import mask_inverted
from studies.peers import keras_suite, kernelbench, onnx_suite, record, webnn_suite
from studies.peers.expressible import KERAS, KERNELBENCH, ONNX, WEBNN, expressible

RECORD = record.load()
IN_PROCESS = {onnx_suite.NAME: onnx_suite.judge, webnn_suite.NAME: webnn_suite.judge}


@pytest.mark.parametrize("suite", IN_PROCESS)
def test_the_honest_one_passes_and_a_known_mutant_does_not(suite):
    judge = IN_PROCESS[suite]
    honest = judge(Emulated)
    assert list(honest.tests) == RECORD[suite]["tests"] and not honest.failed
    assert judge(gates_swapped).killed


@pytest.mark.parametrize("suite", IN_PROCESS)
def test_a_mutant_that_writes_to_its_inputs_leaves_the_suite_as_it_was(suite):
    IN_PROCESS[suite](inputs_overwritten)
    assert not IN_PROCESS[suite](Emulated).killed


def test_keras_passes_the_honest_one_and_repeats_the_record_on_a_killed_and_a_surviving_mutant():
    kinds = (
        inputs_overwritten,
        update_sense_flipped,
        gates_swapped,
        Emulated,
    )  # one writes to its inputs, and no later one reads them
    names = [kind.__name__ for kind in kinds]
    writer, killed, survivor, honest = keras_suite.judge_all(names).values()
    recorded = RECORD[keras_suite.NAME]
    assert list(honest.tests) == recorded["tests"] and not honest.failed
    assert writer.killed and recorded["mutants"][names[0]]
    assert killed.killed and recorded["mutants"][names[1]]
    assert survivor.killed == recorded["mutants"][names[2]]


@pytest.mark.parametrize("suite", IN_PROCESS)
def test_every_mutant_judged_again_is_as_recorded(suite):
    found = {type(mutant).__name__: IN_PROCESS[suite](type(mutant)).killed for mutant in MUTANTS}
    assert found == RECORD[suite]["mutants"]


@pytest.mark.parametrize(
    ("mutant", "where"),
    [
        (mask_inverted, [KERAS]),
        (gradients_off_by_a_factor, []),
        (gates_swapped, [ONNX, KERAS, WEBNN, KERNELBENCH]),
        (Emulated, []),
    ],
)
def test_a_mutant_is_expressible_where_the_interface_can_tell(mutant, where):
    assert [interface for interface in (ONNX, KERAS, WEBNN, KERNELBENCH) if expressible(mutant, interface)] == where


def test_kernelbench_takes_the_last_steps_for_a_whole_run():
    """A trial of one direction is enough here: more are in the record."""
    outputs, states, *_ = kernelbench.PROBLEMS
    assert kernelbench.failed(Emulated, 1, (1,)) == set()
    assert kernelbench.failed(gates_swapped, 1, (1,)) == {outputs, states}
    assert states not in kernelbench.failed(only_the_last_32_steps_run, 1, (1,))
    assert RECORD[states]["mutants"]["gates_swapped"]
    assert not RECORD[states]["mutants"]["only_the_last_32_steps_run"]


def test_no_killed_mutant_is_called_inexpressible():
    for suite in RECORD.values():
        assert not any(suite["mutants"][name] for name in suite["not_expressible"])


def test_the_record_is_of_the_present_suites_and_mutants():
    assert record.stale(RECORD) is None


def test_a_record_of_other_mutants_is_stale_and_names_the_command_to_run():
    changed = {name: {**suite, "mutants": {**suite["mutants"], "another": True}} for name, suite in RECORD.items()}
    message = record.stale(changed)
    assert message is not None and "another" in message and record.COMMAND in message


def test_the_page_follows_from_the_record():
    assert record.PAGE.read_text() == record.page(RECORD), f"run {record.COMMAND} --page-only"


def test_webnn_counts_the_steps_between_two_numbers():
    allowed = webnn_suite.tolerance()["gru"]["float32"]
    near = far = np.float32(1)
    for _ in range(allowed):
        near = np.nextafter(near, np.float32(2))
    far = np.nextafter(near, np.float32(2))
    wanted = np.ones(1)
    assert webnn_suite._near(np.array([near]), wanted, "float32", allowed)
    assert not webnn_suite._near(np.array([far]), wanted, "float32", allowed)
    assert webnn_suite._near(np.array([-0.0], np.float32), np.zeros(1), "float32", allowed)


def test_a_keras_process_that_fails_says_why():
    with pytest.raises(RuntimeError, match="no_such_mutant"):
        keras_suite.judge_all(["no_such_mutant"])


def test_webnn_asks_a_cell_by_its_own_distance():
    cells = [case for case in webnn_suite.data()["cases"] if case["operator"] == "gruCell"]
    assert len(cells) == len([name for name in RECORD[webnn_suite.NAME]["tests"] if name.startswith("gruCell ")]) > 0
    one = next(case for case in cells if case["dtype"] == "float32")
    beyond = webnn_suite.tolerance()["gruCell"]["float32"] + 1
    assert beyond <= webnn_suite.tolerance()["gru"]["float32"]
    too_far = {**one, "outputs": [[_steps(value, beyond) for value in one["outputs"][0]]]}
    assert webnn_suite._passes(one, webnn_suite.with_relu(Emulated)())
    assert webnn_suite._passes({**too_far, "operator": "gru"}, webnn_suite.with_relu(Emulated)())
    assert not webnn_suite._passes(too_far, webnn_suite.with_relu(Emulated)())


def _steps(value: float, count: int) -> float:
    """The float32 that lies this many steps further from 0."""
    number = np.float32(value)
    for _ in range(count):
        number = np.nextafter(number, np.copysign(np.float32(np.inf), number))
    return float(number)
