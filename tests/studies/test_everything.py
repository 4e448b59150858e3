"""Long commands run to their end, each with its exit code; and all of them exist."""

import pytest
from click.testing import CliRunner

from studies.__main__ import main
from studies.long_runs import everything
from tests.test_repository import unknown_commands


def test_they_are_commands():
    assert list(unknown_commands("\n".join(f"python {command}" for command in everything.COMMANDS))) == []


@pytest.mark.parametrize(("given", "code"), [((), 1), (("right",), 0), (("nothing",), 2)])
def test_one_that_fails_is_named_and_the_others_are_run(monkeypatch, given, code):
    commands = ("-c raise(SystemExit(3)) # wrong", "-c print('so_it_is') right")
    monkeypatch.setattr(everything, "COMMANDS", commands)

    result = CliRunner().invoke(main, ["everything", *given])

    assert result.exit_code == code, result.output
    assert ("WRONG: python -c raise(SystemExit(3)) # wrong: exit code 3" in result.output) == (not given)
    assert ("so_it_is" in result.output.partition("minutes")[2]) == (code < 2)
