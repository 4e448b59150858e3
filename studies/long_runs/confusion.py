"""Test whether diagnoses are right: for every mutant, for pairs with known mistakes, and for each of these beside any
other.

A mutant and its deviation have the same name. A mutant without a deviation (of numerics, activations, gradients or the
contract) is no convention, so the diagnosis must name none for it. Two mistakes together can equal another one: 1 - z
twice is no mistake, and a reset gate over everything accepts either row of biases. If fewer or other deviations answer
every question like the right pair, within the same bound, both explanations are right.

Two mutants are composed by inheritance. A pair does not compose if its answers equal those of one mutant bit for bit,
or differ in the other order of inheritance; a pair with right answers is no mistake. Both are left out, and counted.
"""

import multiprocessing
import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

from rich.table import Table

from conformance.diagnosis import ALONE, DEVIATIONS, Search
from conformance.diagnosis.examination import confirmed
from conformance.diagnosis.questions import questions
from conformance.diagnosis.search import Answer, answers_to
from conformance.interface.case import Case
from conformance.mutants import FAMILIES, MUTANTS
from conformance.mutants.emulated import Emulated

CONVENTIONS = frozenset(deviation.__name__ for deviation in (*DEVIATIONS, *ALONE))
"""The names of all deviations."""

KNOWN: tuple[type[Emulated], ...] = tuple(type(mutant) for mutant in MUTANTS if mutant.name in CONVENTIONS)
"""The mutants whose mistake the diagnosis knows."""
OTHERS: tuple[type[Emulated], ...] = tuple(
    type(mutant)
    for family in FAMILIES if family != "gradients"
    for mutant in FAMILIES[family] if mutant.name not in CONVENTIONS
)  # fmt: skip
"""The other mutants that are visible in answers."""


RIGHT, EQUAL, PRECISION, NOTHING, WRONG, SEEN, LOST, ORDER = KINDS = (
    "right and unique", "right, with what equals it", "less precision alone", "no explanation", "wrong",
    "no wrong answer", "answers as one of the two alone", "answers depend on the order of the two",
)  # fmt: skip
LEFT_OUT = (SEEN, LOST, ORDER)

ARITHMETIC = "less precision"

Mutants = tuple[type[Emulated], ...]


class Row(NamedTuple):
    """The mutants of a subject, the deviations of each explanation, and the kind of the result."""

    subject: tuple[str, ...]
    explained: list[frozenset[str]]
    kind: str


class Study:
    """A study for one position of the reset gate and one format, with all capabilities of the specification."""

    def __init__(self, reset: str = "after", dtype: str = "float64") -> None:
        can = Emulated.capabilities
        self.reset, self.dtype = reset, dtype
        self.search = Search(can.arithmetic[dtype], questions(can, dtype, reset))
        self.alone: dict[Mutants, dict[int, Answer]] = {}

    @property
    def cases(self) -> Sequence[Case]:
        """The cases of the questions."""
        return self.search.claimed.cases

    def row(self, *mutants: type[Emulated]) -> Row:
        """The diagnosis of a subject with the mistakes of these mutants."""
        names = tuple(mutant.__name__ for mutant in mutants)
        answers = self.answers(mutants)
        wanted = CONVENTIONS.intersection(names)
        if len(mutants) > 1 and any(same(self.answers((mutant,)), answers) for mutant in mutants):
            return Row(names, [], LOST)
        if len(mutants) > 1 and not same(self.answers(mutants[::-1]), answers):
            return Row(names, [], ORDER)
        if not self.search.claimed.wrong(answers):
            return Row(names, [], SEEN)
        found = confirmed(combined(mutants)(), self.dtype, self.reset, self.search.found(answers))
        said = [{part.__name__ for part in one.parts} for one in found]
        shown = [
            frozenset([*some, *[ARITHMETIC] * bool(one.arithmetic)]) for some, one in zip(said, found, strict=True)
        ]
        if not found:
            return Row(names, shown, NOTHING)
        if not any(said):
            return Row(names, shown, PRECISION)
        if wanted and wanted in said:
            return Row(names, shown, RIGHT if len(found) == 1 else EQUAL)
        return Row(names, shown, EQUAL if wanted and self.explains(wanted, answers) else WRONG)

    def answers(self, mutants: Mutants) -> dict[int, Answer]:
        """The answers of a subject with these mistakes."""
        if len(mutants) > 1:
            return answers_to(combined(mutants)(), self.cases)
        if mutants not in self.alone:
            self.alone[mutants] = answers_to(next(iter(mutants))(), self.cases)
        return self.alone[mutants]

    def explains(self, wanted: frozenset[str], answers: dict[int, Answer]) -> bool:
        """True if the deviations of these mutants explain all answers, so that none can be told from them."""
        parts = tuple(deviation for deviation in (*DEVIATIONS, *ALONE) if deviation.__name__ in wanted)
        return all(self.search.claimed.allows(question, parts, answers[question]) for question in answers)


def combined(mutants: Mutants) -> type[Emulated]:
    """A subject with all of these mistakes."""
    return mutants[0] if len(mutants) == 1 else type("_and_".join(m.__name__ for m in mutants), mutants, {})


def same(one: dict[int, Answer], other: dict[int, Answer]) -> bool:
    """True if two subjects answer every question with the same bits."""
    return one.keys() == other.keys() and all(
        a.tobytes() == b.tobytes() for question in one for a, b in zip(one[question], other[question], strict=True)
    )


@cache
def study(reset: str, dtype: str) -> Study:
    """The study of this process, with everything that it has computed."""
    return Study(reset, dtype)


def row(mutants: Mutants) -> Row:
    """The diagnosis in float64, then in float32, then with reset before, as long as everything is right.

    Two mistakes must be visible together in this format and position.
    """
    found = study("after", "float64").row(*mutants)
    for reset, dtype in (("after", "float32"), ("before", "float64")):
        if found.kind not in LEFT_OUT:
            break
        again = study(reset, dtype).row(*mutants)
        found = again if again.kind not in LEFT_OUT else found
    return found


def drawn(count: int | None) -> dict[str, tuple[int, list[Mutants]]]:
    """The mutants to diagnose, with the total number of their kind: all single mutants, and some or all pairs of known
    ones.

    There are half as many pairs of a known mutant and another one.
    """
    known = list(combinations(KNOWN, 2))
    mixed = [(one, other) for one in KNOWN for other in OTHERS]
    unknown = [(type(mutant),) for mutant in MUTANTS if mutant.name not in CONVENTIONS]
    few = len(known) if count is None else min(count, len(known))
    return {
        "known mistakes alone": (len(KNOWN), [(mutant,) for mutant in KNOWN]),
        "other mutants alone": (len(unknown), unknown),
        "two known mistakes": (len(known), random.Random(0).sample(known, few)),
        "a known mistake and another mutant": (len(mixed), random.Random(0).sample(mixed, min(few // 2, len(mixed)))),
    }


def rows(asked: Sequence[Mutants], processes: int) -> Iterator[Row]:
    """Yield a row for each, in order, from several processes."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(row, asked, chunksize=4)


def summary(rows: Sequence[Row], total: int) -> str:
    """The number of rows of each kind, and the part of right rows among those that must name a convention."""
    counts = {kind: sum(row.kind == kind for row in rows) for kind in KINDS}
    told = "; ".join(f"{number} {kind}" for kind, number in counts.items() if number)
    asked = len(rows) - sum(counts[kind] for kind in LEFT_OUT)
    right = counts[RIGHT] + counts[EQUAL]
    known = all(name in CONVENTIONS for row in rows for name in row.subject)
    rate = f". Of the {asked} that are to be explained, {right} are right: {right / max(1, asked):.1%}" if known else ""
    return f"{len(rows)} of {total}: {told}{rate}."


def table(rows: Sequence[Row]) -> Table:
    """A table with one row for each subject."""
    table = Table("mutant", "explanation given", "verdict", title="what the diagnosis says of each mutant")
    for row in rows:
        said = " or ".join(" + ".join(sorted(names)) for names in row.explained) or "none"
        table.add_row(" + ".join(row.subject), said, row.kind)
    return table


def failures(rows: Sequence[Row]) -> list[str]:
    """Wrong explanations, and single known mistakes that are not explained rightly and uniquely."""
    return [
        f"{' + '.join(row.subject)}: {row.kind}"
        for row in rows
        if row.kind == WRONG or (len(row.subject) == 1 and row.subject[0] in CONVENTIONS and row.kind != RIGHT)
    ]
