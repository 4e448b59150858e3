"""How a command is told what to judge: names, and programs by their command."""

import functools
from collections.abc import Callable
from typing import Any

import click

from conformance.adapters.process.subject import CASE_SECONDS, named
from conformance.cli.seconds import SECONDS

Command = Callable[..., Any]


def subjects(command: Command) -> Command:
    """Give a command NAME... and --process; it is called with all of them as names, of which there is at least one."""

    @functools.wraps(command)
    def told(names: tuple[str, ...], programs: tuple[str, ...], case_limit: float, **options: Any) -> Any:
        return command(names=_all(names, programs, case_limit), **options)

    return _with_programs(click.argument("names", nargs=-1, metavar="NAME...")(told))


def subject(command: Command) -> Command:
    """Give a command NAME or --process; it is called with the one of them as name."""

    @functools.wraps(command)
    def told(name: str | None, programs: tuple[str, ...], case_limit: float, **options: Any) -> Any:
        names = _all(() if name is None else (name,), programs, case_limit)
        if len(names) != 1:
            raise click.UsageError(f"got {len(names)} subjects, {', '.join(map(repr, names))}; this command takes one")
        (one,) = names
        return command(name=one, **options)

    return _with_programs(click.argument("name", required=False)(told))


def _with_programs(command: Command) -> Command:
    command = click.option(
        "--case-limit",
        type=SECONDS,
        default=CASE_SECONDS,
        show_default=True,
        help="Seconds for one case of such a program",
    )(command)
    program = "A program that speaks the protocol of docs/protocol.md; repeatable"
    return click.option("--process", "programs", multiple=True, metavar="COMMAND", help=program)(command)


def _all(names: tuple[str, ...], programs: tuple[str, ...], case_limit: float) -> tuple[str, ...]:
    told = (*names, *(named(program, case_limit) for program in programs))
    if not told:
        raise click.UsageError("Missing argument 'NAME': a registered name, module:attribute, or --process COMMAND")
    return tuple(dict.fromkeys(told))
