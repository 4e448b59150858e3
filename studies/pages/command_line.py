"""docs/command-line.md: every command of the suite with its arguments and options, from the commands themselves.

`python -m studies command-line` writes it; a test holds the page to the code. Left out: the commands of `studies`,
which print their own help.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from conformance.__main__ import main
from conformance.specification import CLAUSES

PAGE = Path(__file__).parents[2] / "docs/command-line.md"
WIDE = 2000
"""Columns, so that no line of a usage is broken."""
HEAD = """# Command line

`python -m conformance` and `gru-conformance` are the same command. `-h` after any command prints its help.

NAME is a registered name (`python -m conformance list` prints them), or `module:attribute`. `--process COMMAND` names a
program in any language ([the protocol](protocol.md)).

The exit codes are on [the page of verdicts](verdicts.md#exit-codes).

`python -m studies command-line` writes this page.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"\n{line}\n" for line in _commands(main, ""))


def _commands(group: click.Group, before: str) -> Iterator[str]:
    """Yield the text of each command that is not hidden; a group's commands follow it."""
    for name, command in group.commands.items():
        if not command.hidden:
            yield from _command(f"{before}{name}", command)
            if isinstance(command, click.Group):
                yield from _commands(command, f"{before}{name} ")


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield f"## {name}"
    yield inspect.cleandoc(command.help or "")
    context = click.Context(command, info_name=f"python -m conformance {name}", terminal_width=WIDE)
    usage = command.get_usage(context).removeprefix("Usage: ").replace("{" + "|".join(CLAUSES) + "}", "CLAUSE")
    yield f"```text\n{usage}\n```"
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        yield "\n".join(["| option | effect |", "| --- | --- |", *(_option(option, context) for option in options)])


def _option(option: click.Option, context: click.Context) -> str:
    """A row: the option with its value, then its help with the default."""
    written, words = option.get_help_record(context) or (option.opts[0], "")
    if option.name == "jobs":
        words = words.partition("  [")[0] + "  [default: the number of processors]"
    return f"| `{_short(written)}` | {' '.join(words.split())} |"


def _short(text: str) -> str:
    """The text with CLAUSE for the list of all clauses, and other alternatives as a table can hold them."""
    return text.replace(f"[{'|'.join(CLAUSES)}]", "CLAUSE").replace("|", "\\|")
