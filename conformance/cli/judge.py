"""The command `judge`: the process in which `pytest --gru` judges GRUs, one question at a time."""

import os
from multiprocessing.connection import Connection

import click

from conformance.adapters import load_apart
from conformance.adapters.worker import QUIET, lead_a_group
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import PROFILES, judge, wired
from conformance.checks.verdict import DECLINED, DTYPES, ERROR, FAIL, PASS, formats
from conformance.cli.report.failure import failure_text
from conformance.diagnosis.blame import blamed
from conformance.interface.adapter import GRU, UsageError


@click.command("judge", hidden=True)
@click.argument("pipe", type=int)
@click.argument("profile", type=click.Choice(list(PROFILES)))
@click.argument("names", nargs=-1)
def answer(pipe: int, profile: str, names: tuple[str, ...]) -> None:
    """Answer questions about the named GRUs through a connection that the caller has opened."""
    lead_a_group()
    os.environ.update({variable: value for variable, value in QUIET.items() if variable not in os.environ})
    connection = Connection(pipe)
    try:
        grus = {name: load_apart(name) for name in names}
    except UsageError as error:
        connection.send(("error", str(error)))
        return
    connection.send(("ready", {name: _questions(gru) for name, gru in grus.items()}))
    while True:
        try:
            name, *which = connection.recv()
        except EOFError:
            return
        connection.send(_clause(name, grus[name], profile, *which) if which else _smoke(grus[name]))


def _questions(gru: GRU) -> list[tuple[str, str]]:
    """Each clause in each format in which the subject is judged."""
    return [(check.clause, dtype) for check in CHECKS for dtype in formats(gru.capabilities.arithmetic)]


def _smoke(gru: GRU) -> tuple[str, str]:
    """The verdict on the adapter: it declares a judged format and is connected to a GRU."""
    if not set(DTYPES) & set(gru.capabilities.arithmetic):
        return ERROR, f"none of {', '.join(DTYPES)} is declared"
    why = wired(gru)
    return (PASS, "") if why is None else (FAIL, why)


def _clause(name: str, gru: GRU, profile: str, clause: str, dtype: str) -> tuple[str, str]:
    """The kind and the text of the verdict on a clause in a format."""
    check = BY_CLAUSE[clause]
    verdict = blamed(gru, judge(gru, check, dtype, PROFILES[profile]))
    told = verdict.kind not in (PASS, DECLINED)
    return verdict.kind, "\n".join(failure_text(name, verdict)) if told else verdict.reason
