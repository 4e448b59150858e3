"""Each example runs to its end, and all promises hold that need no longer training. Long tests run it whole."""

from importlib import import_module

import pytest
from click.testing import CliRunner

SHORT = {
    "co2": (
        {"JUDGED": 2, "GOAL": 0.0},
        ["--epochs", "1"],
        {"the GRU's error is below 0.0 of the better simple forecast's"},
    ),
    "digits": (
        {"IMPLEMENTATIONS": ("reference", "tf_gru:graph")},
        ["--epochs", "1", "--held-out", "10", "--goal", "1"],
        {"the accuracy is at least 1.0"},
    ),
    "moving": (
        {"GOAL": 1.1},
        ["--epochs", "1", "--held-out", "10"],
        {"every accuracy is at least 1.1"},
    ),
    "stress": (
        {},
        ["--words", "1000", "--epochs", "1", "--judged", "3", "--goal", "1"],
        {"both directions are right in 1.0 of the words"},
    ),
    "then_and_now": ({}, ["--words", "2"], set()),
}
"""Changes of an example, its options, and the promises that then fail."""
MAYBE = {"both directions do better than one"}
"""Promises that may fail after so little training."""


@pytest.mark.parametrize("name", SHORT)
def test_a_short_training_fails_only_the_claims_about_long_training(monkeypatch, broken, tmp_path, name):
    changes, options, expected = SHORT[name]
    example, plot = import_module(name), tmp_path / "plot.svg"
    for constant, value in changes.items():
        monkeypatch.setattr(example, constant, value)

    told = broken(CliRunner().invoke(example.main, [*options, "--plot", str(plot)]))

    assert {*told} - MAYBE == expected
    assert "<svg" in plot.read_text()
