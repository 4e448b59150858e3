"""The examples as modules, and their messages about broken promises."""

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
    """The promises that an example reports as broken. Its exit code must agree."""

    def named(result) -> list[str]:
        found = re.findall(r"^does not hold: (.*)$", result.stderr, re.MULTILINE)
        assert result.exit_code == (1 if found else 0), result.output
        return found

    return named


@pytest.fixture
def refused():
    """An example's message about wrong options, before it computes anything."""

    def said(command, *options) -> str:
        result = CliRunner().invoke(command, options)
        assert result.exit_code == 2, result.output
        assert "Usage:" in result.stderr
        return result.stderr

    return said
