"""The changes from one report to another: by subject, clause and format.

A verdict is worse if it stands later in ORDER. A declined clause stands after a pass, because it is no longer judged.
An error stands last, because nothing is known about the answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, WRONG

ORDER = (PASS, DECLINED, FAIL, ERROR)
"""Verdicts from best to worst."""
WORSE, BETTER, CAUSE, NEW, GONE = CHANGES = ("worse", "better", "other cause", "new", "gone")
"""The kinds of changes, in the order of a comparison."""
SCORED, BROKEN = "scored", "no score"
"""The state of a whole subject, if it has no score in one of the reports."""

Report = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A verdict that differs between two reports.

    Attributes:
        kind: One of CHANGES.
        subject: The subject's name.
        clause: The clause; empty if the change is about the whole subject.
        dtype: The format; empty if the change is about the whole subject.
        before: The kind of the earlier verdict; None if there is none.
        after: The kind of the later verdict; None if there is none.
    """

    kind: str
    subject: str
    clause: str
    dtype: str
    before: str | None
    after: str | None

    @property
    def news(self) -> bool:
        """True if this is a failure that the earlier report does not have."""
        return self.kind in (WORSE, NEW) and self.after in (*WRONG, BROKEN)

    @property
    def mended(self) -> bool:
        """True if this was a failure and no longer is."""
        return self.kind == BETTER and self.before in (*WRONG, BROKEN) and self.after not in WRONG


def changes(before: Report, after: Report) -> list[Change]:
    """Compare two reports.

    Args:
        before: The earlier report, as JSON values.
        after: The later report.

    Returns:
        The changes, subject by subject.
    """
    olds, news = by_name(before), by_name(after)
    return [change for name in {**news, **olds} for change in _of_subject(name, olds.get(name), news.get(name))]


def by_name(report: Report) -> dict[str, dict[str, Any]]:
    """The subjects of a report by name."""
    return {subject["name"]: subject for subject in report["subjects"]}


def _of_subject(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[Change]:
    """Yield the changes of one subject. If it has no score in a report, they are one change."""
    states = [BROKEN if one and one["broken"] is not None else SCORED if one else None for one in (old, new)]
    if BROKEN in states:
        before, after = states
        if before != after:
            kind = NEW if before is None else GONE if after is None else WORSE if after == BROKEN else BETTER
            yield Change(kind, name, "", "", before, after)
            if kind == BETTER:
                yield from _of_subject(name, None, new)
        return
    olds, news = _verdicts(old), _verdicts(new)
    for clause, dtype in {**news, **olds}:
        one, other = olds.get((clause, dtype)), news.get((clause, dtype))
        kind = _kind(one, other)
        if kind is not None:
            yield Change(kind, name, clause, dtype, one["kind"] if one else None, other["kind"] if other else None)


def _verdicts(subject: dict[str, Any] | None) -> dict[tuple[str, str], dict[str, Any]]:
    return {(verdict["clause"], verdict["dtype"]): verdict for verdict in (subject or {"verdicts": ()})["verdicts"]}


def _kind(old: dict[str, Any] | None, new: dict[str, Any] | None) -> str | None:
    if old is None or new is None:
        return NEW if old is None else GONE
    before, after = ORDER.index(old["kind"]), ORDER.index(new["kind"])
    if before != after:
        return WORSE if after > before else BETTER
    causes = _cause(old), _cause(new)
    return CAUSE if all(causes) and causes[0] != causes[1] else None


def _cause(verdict: dict[str, Any]) -> list[list[str]]:
    """The names of the mistakes that explain a verdict; empty if no mistake is known."""
    cause = verdict["cause"] or {"explanations": ()}
    return [sorted(part["name"] for part in parts) for parts in cause["explanations"]]


def remarks(before: Report, after: Report) -> list[str]:
    """Differences of the two reports as a whole, in sentences: subjects, clauses, claims, versions and profiles."""
    olds, news = by_name(before), by_name(after)
    lines = [f"subject {name!r} stands only in the earlier report" for name in olds if name not in news]
    lines += [f"subject {name!r} stands only in the later report" for name in news if name not in olds]
    lines += [
        f"clause {one!r} is gone from the specification" for one in before["clauses"] if one not in after["clauses"]
    ]
    lines += [f"clause {one!r} is new in the specification" for one in after["clauses"] if one not in before["clauses"]]
    lines += [
        f"{name!r} claims another arithmetic in {dtype}: {claim}; before: {olds[name]['claims'][dtype]}"
        for name, subject in news.items()
        for dtype, claim in subject["claims"].items()
        if name in olds and olds[name]["claims"].get(dtype, claim) != claim
    ]
    for what, old, new in (
        ("suite", before["suite"]["version"], after["suite"]["version"]),
        ("profile", before["profile"], after["profile"]),
    ):
        lines += [f"the {what} was {old} and is {new}, so other cases may be judged"] if old != new else []
    return lines


def lines(found: Sequence[Change], name: str) -> list[tuple[str, str]]:
    """The changes of one subject: the kind, and the clauses that changed in the same way.

    Args:
        found: The changes.
        name: The subject's name.

    Returns:
        Pairs of a kind of CHANGES and a text, in the order of CHANGES.
    """
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for change in sorted((one for one in found if one.subject == name), key=lambda one: CHANGES.index(one.kind)):
        clauses = groups.setdefault((change.kind, _way(change)), {})
        clauses.setdefault(change.clause, []).append(change.dtype)
    return [(kind, way + _named(clauses)) for (kind, way), clauses in groups.items()]


def _way(change: Change) -> str:
    if change.before == change.after:
        return str(change.after)
    return " → ".join(part or "not judged" for part in (change.before, change.after))


def _named(clauses: dict[str, list[str]]) -> str:
    """The clauses with their formats; clauses with the same formats stand together."""
    same: dict[tuple[str, ...], list[str]] = {}
    for clause, dtypes in clauses.items():
        if clause:
            same.setdefault(tuple(dtypes), []).append(clause)
    named = "; ".join(f"{', '.join(names)} ({', '.join(dtypes)})" for dtypes, names in same.items())
    return f": {named}" if named else ""
