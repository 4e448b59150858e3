"""Weights that move between PyTorch and tf_gru stay the same, and the example says so only where they do."""

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

EXAMPLES = Path(__file__).parents[2] / "examples"
ROW = re.compile(r"^│ (trained|moved|trained on|moved back) +│ (\S+) +│ +(\S+) │ +(\S+) │ +\S+ │$", re.MULTILINE)


@pytest.fixture
def moving(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import moving

    return moving


def run(moving, *options):
    return CliRunner().invoke(moving.main, ["--epochs", "8", "--held-out", "20", *options])


def test_the_weights_are_kept_and_both_sides_are_within_their_bounds(moving, tmp_path):
    result = run(moving, "--plot", str(tmp_path / "margins.svg"))
    assert result.exit_code == 0, result.output
    rows = ROW.findall(result.stdout)
    assert [row[:2] for row in rows] == [
        ("trained", "torch"),
        ("moved", "tf_gru:graph"),
        ("trained on", "tf_gru:graph"),
        ("moved back", "torch"),
    ]
    assert all(float(accuracy) >= moving.GOAL and 0 < float(margin) <= 1 for *_, accuracy, margin in rows)
    assert "<svg" in (tmp_path / "margins.svg").read_text()


def test_weights_that_do_not_survive_the_move_are_told(moving, monkeypatch):
    """Gates in PyTorch's order where Keras' is wanted."""
    exact = moving.to_keras
    order = np.r_[moving.UNITS : 2 * moving.UNITS, : moving.UNITS, 2 * moving.UNITS : 3 * moving.UNITS]
    monkeypatch.setattr(moving, "to_keras", lambda p: [array[..., order] for array in exact(p)])
    assert run(moving).exit_code == 1
