"""Long commands run to their end, each with its exit code; and all of them exist."""

from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from studies.__main__ import main
from studies.long_runs import everything
from tests.test_repository import unknown_commands


def test_they_are_commands():
    assert list(unknown_commands("\n".join(f"python {command}" for command in everything.COMMANDS))) == []


@pytest.mark.parametrize("command", [command for command in everything.COMMANDS if "pytest" not in command])
def test_their_options_are_options(command):
    _, package, *words = command.split()
    group = import_module(f"{package}.__main__").main
    name, found, rest = group.resolve_command(group.make_context(package, [*words]), words)
    found.make_context(name, rest)


def test_an_option_that_there_is_not_would_be_seen():
    with pytest.raises(click.NoSuchOption):
        test_their_options_are_options("-m studies alarms --runs 200")


@pytest.mark.parametrize(("given", "code"), [((), 1), (("right",), 0), (("nothing",), 2)])
def test_one_that_fails_is_named_and_the_others_are_run(monkeypatch, given, code):
    commands = ("-c raise(SystemExit(3)) # wrong", "-c print('so_it_is') right")
    monkeypatch.setattr(everything, "COMMANDS", commands)

    result = CliRunner().invoke(main, ["everything", *given])

    assert result.exit_code == code, result.output
    assert ("WRONG: python -c raise(SystemExit(3)) # wrong: exit code 3" in result.output) == (not given)
    assert ("so_it_is" in result.output.partition("minutes")[2]) == (code < 2)
