"""Weights that move between PyTorch and tf_gru stay the same, and the example reports any change."""

import re
from copy import deepcopy

import numpy as np
import pytest
from click.testing import CliRunner

ROW = re.compile(r"^│ (trained|moved|trained on|moved back) +│ (\S+) +│ +(\S+) │ +(\S+) │ +\S+ │$", re.MULTILINE)
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def in_torch():
    """The results of training in PyTorch, by the number of epochs."""
    return {}


@pytest.fixture
def moving(monkeypatch, in_torch):
    """The example, with one training in PyTorch."""
    import moving

    train = moving.trained

    def once(images, epochs):
        if epochs not in in_torch:
            in_torch[epochs] = train(images, epochs)
        return deepcopy(in_torch[epochs])

    monkeypatch.setattr(moving, "trained", once)
    return moving


def exchanged(layout, units):
    """A layout's weights with the first two gates exchanged."""

    def arrays(parameters):
        order = np.r_[units : 2 * units, :units, 2 * units : 3 * units]
        exact = layout(parameters)
        if isinstance(exact, dict):
            return {name: array[order] for name, array in exact.items()}
        return [array[..., order] for array in exact]

    return arrays


def run(moving, *options):
    return CliRunner().invoke(moving.main, ["--epochs", "8", "--held-out", "20", *options])


def test_the_weights_are_kept_and_both_sides_are_within_their_bounds(moving, tmp_path, broken):
    result = run(moving, "--plot", str(tmp_path / "margins.svg"))
    assert broken(result) == []
    rows = ROW.findall(result.stdout)
    assert [row[:2] for row in rows] == [
        ("trained", "torch"),
        ("moved", "tf_gru:graph"),
        ("trained on", "tf_gru:graph"),
        ("moved back", "torch"),
    ]
    assert all(float(accuracy) >= moving.GOAL and 0 < float(margin) <= 1 for *_, accuracy, margin in rows)
    assert "<svg" in (tmp_path / "margins.svg").read_text()


def test_weights_that_do_not_survive_the_move_are_reported(moving, monkeypatch, broken):
    """Gates in PyTorch's order in place of Keras' order are reported."""
    monkeypatch.setattr(moving, "to_keras", exchanged(moving.to_keras, moving.UNITS))
    told = broken(run(moving))
    assert {"the move keeps every weight", "the move changes no class"} <= set(told)
    assert not [each for each in told if "back" in each]


def test_weights_that_do_not_survive_the_way_back_are_reported(moving, monkeypatch, broken):
    monkeypatch.setattr(moving, "to_torch", exchanged(moving.to_torch, moving.UNITS))
    told = broken(run(moving))
    assert {"the move back keeps every weight", "the move back changes no class"} <= set(told)
    assert not [each for each in told if each.startswith("the move ") and "back" not in each]


def test_a_wrong_gru_is_reported(moving, monkeypatch, broken):
    load = moving.load
    wrong = {"tf_gru:graph": "conformance.mutants:tf32_products"}
    monkeypatch.setattr(moving, "load", lambda name: load(wrong.get(name, name)))
    assert broken(run(moving)) == ["the suite finds nothing wrong with any owner"]


def test_an_accuracy_below_the_goal_is_reported(moving, monkeypatch, broken):
    monkeypatch.setattr(moving, "GOAL", 1.1)
    assert broken(run(moving)) == ["every accuracy is at least 1.1"]
