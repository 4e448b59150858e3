"""Wrong options are usage errors of every example, before any computation; help lists the right ones."""

from importlib import import_module

import pytest
from click.testing import CliRunner

NAMES = ("co2", "digits", "moving", "stress", "then_and_now", "two_devices")
WRONG = [
    *(("--epochs", "0", name) for name in NAMES if name != "then_and_now"),
    ("--held-out", "9", "moving"),
    ("--held-out", "1788", "moving"),
    ("--words", "1", "then_and_now"),
    ("--words", "1001", "then_and_now"),
    ("--words", "40001", "stress"),
    ("--held-out", "1788", "digits"),
    ("--held-out", "9", "two_devices"),
    *(("--goal", value, name) for name in ("digits", "stress", "two_devices") for value in ("-0.1", "1.1")),
    ("--judged", "0", "stress"),
    ("--judged", "1001", "stress"),
    ("--reset", "none", "digits"),
    ("--csv", "no/such/folder/images.csv", "digits"),
    ("--seed", "-1", "digits"),
    ("--seed", "4294967296", "two_devices"),
]


@pytest.mark.parametrize(("option", "value", "name"), WRONG)
def test_a_wrong_value_is_refused(refused, option, value, name):
    assert option in refused(import_module(name).main, option, value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("margins.png", "margins.png does not end in .svg"),
        ("no/such/folder/margins.svg", "no/such/folder is no folder: make it first"),
        (".", "is a directory"),
    ],
)
def test_a_plot_that_could_not_be_written_is_refused(refused, name, file, message):
    said = refused(import_module(name).main, "--plot", file)
    assert message in said


@pytest.mark.parametrize("name", NAMES)
def test_help_tells_every_option(name):
    command = import_module(name).main
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert all(option in result.stdout for each in command.params for option in each.opts)
