"""The examples as modules, and what they say where something does not hold."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def examples(monkeypatch):
    """The folder of the examples, from which they are imported."""
    monkeypatch.syspath_prepend(EXAMPLES)
    return EXAMPLES


@pytest.fixture
def broken():
    """What an example said that does not hold; its exit code must say the same."""

    def named(result) -> list[str]:
        found = re.findall(r"^does not hold: (.*)$", result.stderr, re.MULTILINE)
        assert result.exit_code == (1 if found else 0), result.output
        return found

    return named


@pytest.fixture
def refused():
    """What an example says of wrong options, before it does anything."""

    def said(command, *options) -> str:
        result = CliRunner().invoke(command, options)
        assert result.exit_code == 2, result.output
        assert "Usage:" in result.stderr
        return result.stderr

    return said
