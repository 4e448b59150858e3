"""No wrong result is timed: deliberately broken subjects end their row, right ones do not."""

import numpy as np
import pytest

from benchmarks import measure as measuring
from benchmarks import verify
from benchmarks.measure import Children, measure
from benchmarks.problem import problem
from benchmarks.record import SCHEMA, checked, entry_of, head
from benchmarks.rows import Row
from benchmarks.schedule import Effort
from reference import gru, gru_backward
from tests.benchmarks.subjects import InProcess, made_of_reference

EFFORT = Effort(2, 0.0001)
PLAIN = Row("plain", "training", "after", (2, 6, 3, 4))
ROWS = [
    PLAIN,
    Row("plain", "forward", "before", (2, 6, 3, 4)),
    Row("plain", "training", "before", (1, 6, 3, 4)),
    Row("masked", "training", "after", (5, 9, 3, 4)),
    Row("masked", "forward", "after", (5, 9, 3, 4)),
    Row("bidirectional", "training", "after", (2, 6, 3, 4)),
]


@pytest.fixture(autouse=True)
def _everything_is_installed(monkeypatch):
    monkeypatch.setattr(measuring, "absent", lambda _: None)


def measured(row: Row, peers: tuple[str, ...] = ("keras:graph", "jax")) -> dict:
    return measure(row, EFFORT, Children(InProcess), peers)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_right_subjects_are_timed_and_their_margins_kept(monkeypatch, row):
    made_of_reference(monkeypatch)

    found = measured(row)

    assert found["error"] is None
    assert set(found["subjects"]) == {"tf_gru:graph", "keras:graph", "jax"}
    for subject in found["subjects"].values():
        assert len(subject["seconds"]) == EFFORT.rounds
        assert 0 < subject["margin"] <= 1 and 0 < subject["distance"] < 1
        assert ("gradient_margin" in subject) == ("gradient_distance" in subject) == (row.step == "training")
        assert row.step == "forward" or 0 < subject["gradient_distance"] < 1
    checked(head(EFFORT) | {"rows": [entry_of(row, found)]})


def one_unit_lost(outputs):
    changed = outputs.copy()
    changed[..., -1] = 0
    return changed


def last_step_lost(outputs):
    changed = outputs.copy()
    changed[-1, -1] = 0
    return changed


WRONG_OUTPUTS = {
    "the last step of the last row is lost": (last_step_lost, "times its bound"),
    "a unit is lost": (one_unit_lost, "times its bound"),
    "one time too late": (lambda outputs: np.roll(outputs, 1, axis=1), "times its bound"),
    "in bfloat16": (lambda outputs: (outputs.view(np.int32) & -65536).view(np.float32), "times its bound"),
    "NaN": (lambda outputs: np.where(outputs == outputs.max(), np.float32(np.nan), outputs), "not finite"),
    "float64": (lambda outputs: outputs.astype(np.float64), "float64"),
    "time first": (lambda outputs: outputs.swapaxes(0, 1), "not float32"),
}


@pytest.mark.parametrize("subject", ["tf_gru:graph", "keras:graph"])
@pytest.mark.parametrize("name", WRONG_OUTPUTS)
def test_wrong_outputs_end_the_row(monkeypatch, name, subject):
    broken, message = WRONG_OUTPUTS[name]
    made_of_reference(monkeypatch, outputs={subject: broken})

    found = measured(Row("plain", "forward", "after", (2, 6, 3, 4)))

    assert message in found["error"]
    assert found["error"].startswith(f"{subject}: ")
    assert not any("seconds" in of for of in found["subjects"].values())


def test_a_masked_output_that_is_neither_0_nor_the_state_ends_the_row(monkeypatch):
    row = Row("masked", "forward", "after", (5, 9, 3, 4))
    made_of_reference(monkeypatch, outputs={"jax": lambda outputs: np.where(outputs == 0, np.float32(0.5), outputs)})

    assert "masked step" in measured(row)["error"]


def test_masked_outputs_that_repeat_the_state_are_right_too(monkeypatch):
    row = Row("masked", "forward", "after", (5, 9, 3, 4))

    def carried(outputs):
        changed = outputs.copy()
        for t, valid in enumerate(problem(row).valid.T):
            changed[~valid, t] = changed[~valid, t - 1]
        return changed

    made_of_reference(monkeypatch, outputs={"keras:graph": carried})

    assert measured(row)["error"] is None


def replaced(**changes):
    """Gradients with a change in one array of the last direction."""

    def broken(each):
        (name, change), *_ = changes.items()
        return [*each[:-1], each[-1]._replace(**{name: change(getattr(each[-1], name))})]

    return broken


def spilled(inputs):
    changed = inputs.copy()
    changed[0, 3] += 1
    return changed


WRONG_GRADIENTS = {
    "kernel doubled": replaced(kernel=lambda array: 2 * array),
    "recurrent kernel zero": replaced(recurrent_kernel=np.zeros_like),
    "recurrent bias as the input's": replaced(bias=lambda array: array[[0, 0]]),
    "gates swapped": replaced(kernel=lambda array: array[[1, 0, 2]]),
    "kernel transposed": replaced(recurrent_kernel=lambda array: array.swapaxes(1, 2)),
    "NaN": replaced(kernel=lambda array: array * np.float32(np.nan)),
    "another input reached": replaced(inputs=spilled),
    "kernel of another shape": replaced(kernel=lambda array: array[:, :1]),
    "a direction lost": lambda each: each[1:],
}


@pytest.mark.parametrize("name", WRONG_GRADIENTS)
@pytest.mark.parametrize("row", [PLAIN, ROWS[3], ROWS[5]], ids=lambda row: row.section)
def test_wrong_gradients_end_the_row(monkeypatch, name, row):
    if name == "another input reached" and row.directions == 2:
        broken = {"jax": lambda each: [of._replace(inputs=spilled(of.inputs)) for of in each]}
    else:
        broken = {"jax": WRONG_GRADIENTS[name]}
    made_of_reference(monkeypatch, gradients=broken)

    found = measured(row)

    assert found["error"].startswith("jax: ")
    assert not any("seconds" in of for of in found["subjects"].values())


def test_a_gradient_that_nothing_is_proven_of_ends_the_row(monkeypatch):
    bounds = verify._bounds
    monkeypatch.setattr(verify, "_bounds", lambda *given: bounds(*given)._replace(kernel=None))
    made_of_reference(monkeypatch)

    assert "some gradient has no bound" in measured(PLAIN)["error"]


def test_distances_are_those_of_the_number_that_is_furthest_off():
    """Outputs lie between -1 and 1, so 2 is further off than 1. Three times an array is off by twice its largest
    number.
    """
    given = problem(PLAIN)
    outputs = gru(given.inputs, *given.parameters).outputs
    gradients = gru_backward(given.inputs, *given.parameters, grad_outputs=given.cotangents)
    lost = outputs.copy()
    lost[-1, -1, -1] = 2
    tripled = gradients._replace(kernel=3 * gradients.kernel)

    assert 0 < verify.distance(PLAIN, outputs) < 1 < verify.distance(PLAIN, lost)
    near, far = (verify.gradient_distance(PLAIN, [each]) for each in (gradients, tripled))
    assert 0 < near < 1 < far


def test_programs_are_dropped_when_their_row_is_over(monkeypatch):
    made_of_reference(monkeypatch)
    started: list[InProcess] = []

    def start(family: str) -> InProcess:
        started.append(InProcess(family))
        return started[-1]

    measure(PLAIN, EFFORT, Children(start), ("jax",))

    assert [(child.family, child.held) for child in started] == [("tensorflow", {}), ("jax", {})]


def test_a_subject_that_raises_ends_the_row_and_its_process(monkeypatch):
    def fails(_):
        raise ArithmeticError("on purpose")

    made_of_reference(monkeypatch, outputs={"jax": fails})
    started: dict[str, list[InProcess]] = {}

    def start(family: str) -> InProcess:
        started.setdefault(family, []).append(InProcess(family))
        return started[family][-1]

    children = Children(start)
    found = measure(ROWS[1], EFFORT, children, ("jax",))

    assert "on purpose" in found["error"]
    assert [child.closed for child in started["jax"]] == [True]
    assert [(child.closed, child.held) for child in started["tensorflow"]] == [(False, {})]


def test_who_is_not_installed_or_cannot_is_named_with_the_reason(monkeypatch):
    monkeypatch.setattr(measuring, "absent", lambda name: "jax is not installed: ..." if name == "jax" else None)
    made_of_reference(monkeypatch)

    found = measured(Row("plain", "training", "before", (2, 6, 3, 4)), ("jax", "torch", "onnxruntime"))["subjects"]

    assert "not installed" in found["jax"]["refused"]
    assert found["torch"] == {"refused": "torch.nn.GRU resets after the product only"}
    assert found["onnxruntime"] == {"refused": "the runtime infers only"}
    assert "seconds" in found["tf_gru:graph"]


def test_the_schema_names_every_section():
    from benchmarks.rows import SECTIONS, SUBJECTS

    of_rows = SCHEMA["properties"]["rows"]["items"]["properties"]["section"]["enum"]
    assert of_rows == list(SECTIONS)
    assert set(SECTIONS) == set(SUBJECTS)
