"""One cell: a wrong GRU and a check, or a golden vector. A letter names the result.

A cell depends on these two only: the subject is made again for each, cases come from a seed, and the first format that
kills ends the cell. It searches neither for the smallest failing case nor for the responsible gate.
"""

from collections.abc import Callable
from functools import cache
from typing import cast

from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, formats
from conformance.mutants.emulated import Emulated
from conformance.vectors import files
from conformance.vectors.replay import judge_vector
from conformance.vectors.vector import Stored
from studies.matrix.same import Recorded

PROFILE = "dev"
LETTERS = {FAIL: "F", ERROR: "E", PASS: ".", DECLINED: "-"}
KILLED = frozenset("FE")


class Dishonest(RuntimeError):
    """The GRU from which every mutant deviates does not pass, so that no cell would mean anything."""


def cell(mutant: type[Emulated], column: str) -> str:
    """The letter of a mutant and a column: the clause of a check, or the name of a vector."""
    return by_check(mutant, column) if column in BY_CLAUSE else by_vector(mutant, column)


def by_check(mutant: type[Emulated], clause: str) -> str:
    """The result of a clause's check on its own cases."""
    return _cell(mutant, asked(mutant), lambda dtype: _honest_check(clause, dtype), judged_by_check(clause))


def by_vector(mutant: type[Emulated], name: str) -> str:
    """The result of a golden vector, by replay."""
    return _cell(mutant, asked(mutant, name), lambda dtype: _honest_vector(name, dtype), judged_by_vector(name))


def asked(mutant: type[Emulated], vector: str | None = None) -> tuple[str, ...]:
    """The formats in which a mutant is judged: of a vector's formats, the claimed ones."""
    claimed = formats(mutant.capabilities.arithmetic)
    return claimed if vector is None else tuple(d for d in stored()[vector].vector.dtypes if d in claimed)


def judged_by_check(clause: str) -> Callable[[Emulated, str], str]:
    """A function that judges a subject in a format by a clause's check, without comparing bits first."""
    return lambda gru, dtype: judge(gru, BY_CLAUSE[clause], dtype, PROFILES[PROFILE], shrink=False).kind


def judged_by_vector(name: str) -> Callable[[Emulated, str], str]:
    """The same for a golden vector."""
    return lambda gru, dtype: judge_vector(gru, stored()[name], dtype).kind


def ended(mutant: type[Emulated], dtypes: tuple[str, ...], kind: Callable[[Emulated, str], str]) -> str:
    """The letter of the first format that kills, or of the last format."""
    letter = ""
    for dtype in dtypes:
        letter = LETTERS[kind(mutant(), dtype)]
        if letter in KILLED:
            break
    return letter


def _cell(
    mutant: type[Emulated],
    dtypes: tuple[str, ...],
    honest: Callable[[str], tuple[str, Recorded]],
    judged: Callable[[Emulated, str], str],
) -> str:
    def kind(gru: Emulated, dtype: str) -> str:
        verdict, recorded = honest(dtype)
        return verdict if recorded.same(mutant()) else judged(gru, dtype)

    return ended(mutant, dtypes, kind)


@cache
def stored() -> dict[str, Stored]:
    """Every golden vector, as its file contains it."""
    return files.stored()


@cache
def _honest_check(clause: str, dtype: str) -> tuple[str, Recorded]:
    return _honest(judged_by_check(clause), dtype, f"clause {clause}")


@cache
def _honest_vector(name: str, dtype: str) -> tuple[str, Recorded]:
    return _honest(judged_by_vector(name), dtype, f"vector {name}")


def _honest(judged: Callable[[Emulated, str], str], dtype: str, what: str) -> tuple[str, Recorded]:
    recorded = Recorded()
    verdict = judged(cast(Emulated, recorded), dtype)
    if verdict not in (PASS, DECLINED):
        raise Dishonest(f"the honest Emulated does not pass {what} in {dtype}: {verdict}; look at the check first")
    return verdict, recorded
