"""Command-line arguments that name subjects: names, and programs by their commands."""

import functools
from collections.abc import Callable
from typing import Any

import click

from conformance.adapters.process.subject import CASE_SECONDS, named
from conformance.cli.seconds import SECONDS

Command = Callable[..., Any]


def subjects(command: Command) -> Command:
    """Add NAME... and --process to a command, and call it with all of them as `names`, which has at least one."""

    @functools.wraps(command)
    def with_subjects(names: tuple[str, ...], programs: tuple[str, ...], case_limit: float, **options: Any) -> Any:
        return command(names=_all(names, programs, case_limit), **options)

    return _with_programs(click.argument("names", nargs=-1, metavar="NAME...")(with_subjects))


def subject(command: Command) -> Command:
    """Add NAME or --process to a command, and call it with the one given as `name`."""

    @functools.wraps(command)
    def with_subject(name: str | None, programs: tuple[str, ...], case_limit: float, **options: Any) -> Any:
        names = _all(() if name is None else (name,), programs, case_limit)
        if len(names) != 1:
            raise click.UsageError(f"got {len(names)} subjects, {', '.join(map(repr, names))}; this command takes one")
        (one,) = names
        return command(name=one, **options)

    return _with_programs(click.argument("name", required=False)(with_subject))


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
