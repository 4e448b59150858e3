"""The command `judge`: the process in which `pytest --gru` judges GRUs, one question at a time."""

import os
import time
from collections import defaultdict
from multiprocessing.connection import Connection

import click

from conformance.adapters import load_apart
from conformance.adapters.worker import QUIET, lead_a_group
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import PROFILES, judge, wired
from conformance.checks.verdict import DECLINED, DTYPES, ERROR, FAIL, PASS, Subject, Verdict, formats
from conformance.cli.report.failure import failure_text
from conformance.cli.report.terminal import unexplained
from conformance.diagnosis import diagnosed
from conformance.diagnosis.blame import blamed
from conformance.interface.adapter import GRU, UsageError

SECONDS = 60
"""After so many seconds of diagnoses, further failures of a GRU are not diagnosed. Tests must end in time."""
SPENT: dict[str, float] = defaultdict(float)
"""The seconds that the diagnoses of each GRU have taken."""


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
    """The kind and the text of the verdict on a clause in a format: explained, if it fails."""
    check = BY_CLAUSE[clause]
    verdict = blamed(gru, judge(gru, check, dtype, PROFILES[profile]))
    if verdict.kind in (PASS, DECLINED):
        return verdict.kind, verdict.reason
    verdict, lines = _explained(name, gru, verdict)
    heading, *rest = failure_text(name, verdict)
    return verdict.kind, "\n".join([heading, *lines, *rest])


def _explained(name: str, gru: GRU, verdict: Verdict) -> tuple[Verdict, list[str]]:
    """The verdict with its cause, and the diagnosis in sentences if no cause is known."""
    if verdict.kind != FAIL or verdict.cause is not None:
        return verdict, []
    if SPENT[name] > SECONDS:
        return verdict, [
            f"not diagnosed, because earlier diagnoses took {SECONDS} s; `gru-conformance run` diagnoses it"
        ]
    start = time.monotonic()
    diagnosis, explained = diagnosed(gru, [verdict])
    SPENT[name] += time.monotonic() - start
    verdict = explained[0] if explained else verdict
    return verdict, unexplained(Subject(name=name, verdicts=[verdict], diagnosis=diagnosis))
