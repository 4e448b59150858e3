"""The record of the held-out wrong GRUs, and its page.

docs/records/held-out.json: {"date", "profile", "calls", "before": a commit, "subjects": {name: {"kind", "sentence",
"before", "first", "caught", "explained", "cases", "seconds"}}}. "before" is true if the suite of that commit passes it,
and null if that suite did not judge it. "first" and "caught" are the first alarm [clause, format, kind], or null: when
the suite saw it for the first time, and now.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from conformance.adapters.reference import Reference
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, judge
from conformance.checks.verdict import DTYPES
from conformance.interface.case import Case, Gradients, Outputs
from studies.held_out.run import NAMES, SETS, Outcome, made

RECORD = Path(__file__).parents[2] / "docs/records/held-out.json"
PAGE = RECORD.parents[1] / "held-out.md"
COMMAND = "python -m studies held-out"
SEEN = 3
"""A fault of chance that shows in one call of so many is seen in SEEN times as many with a probability of 95 %."""
MEASURED_ONCE = ("before", "first")
ABOUT = {
    "first": "Its author had not read what draws the cases. The gaps that it showed were mended by kind.",
    "second": "Its author had read neither what draws the cases nor the first set. The first verdicts are the best\n"
    "estimate of what the suite sees of faults that nobody here thought of.",
}


class Counts(NamedTuple):
    """For a kind of wrong GRU: the number of them; of these the number caught at first sight and now; of these the
    number that the earlier suite judged, and passed.
    """

    total: int = 0
    first: int = 0
    now: int = 0
    judged: int = 0
    passed: int = 0

    def with_one(self, subject: Mapping[str, Any]) -> "Counts":
        """The counts with one more."""
        before = subject["before"]
        more = (True, subject["first"] is not None, subject["caught"] is not None, before is not None, before is True)
        return Counts(*(count + one for count, one in zip(self, more, strict=True)))


class Counted(Reference):
    """The specification. It counts the calls whose answers are judged, except calls from several threads, of which
    there are as many as a machine answers in some time.
    """

    capabilities = replace(Reference.capabilities, threads=False)

    def __init__(self) -> None:
        self.calls = 0

    def run(self, case: Case) -> Outputs:
        """Count the call and answer."""
        self.calls += 1
        return super().run(case)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Count the call and answer."""
        self.calls += 1
        return super().gradients(case, cotangents)


@cache
def calls(profile: str) -> int:
    """The number of calls of a subject that declares everything, under a profile."""
    gru = Counted()
    for check in CHECKS:
        for dtype in DTYPES:
            judge(gru, check, dtype, PROFILES[profile], shrink=False)
    return gru.calls


def load() -> dict[str, Any]:
    """The record as it is kept."""
    return json.loads(RECORD.read_text())


def recorded(found: Mapping[str, Outcome], profile: str, day: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The record of these outcomes. kept: the record before, from which other outcomes stay, and all verdicts that were
    measured once.
    """
    subjects = {}
    for name in NAMES:
        before, make = kept["subjects"][name], made(name)
        outcome = asdict(found[name]) if name in found else before
        once = {key: before[key] for key in MEASURED_ONCE}
        now = {key: outcome[key] for key in ("caught", "cases", "seconds")}
        now["explained"] = outcome["explained"] or (before["explained"] if before["caught"] == now["caught"] else None)
        subjects[name] = {"kind": make.kind, "sentence": " ".join((make.__doc__ or "").split()), **once, **now}
    about = {"date": day, "profile": profile, "calls": calls(profile), "before": kept["before"]}
    return {**about, "subjects": subjects}


def kinds(record: Mapping[str, Any], group: str) -> dict[str, Counts]:
    """The counts of each kind of a set, and of all."""
    found: dict[str, Counts] = {}
    for name, subject in record["subjects"].items():
        if name.startswith(f"{group}."):
            for kind in (subject["kind"], "all"):
                found[kind] = found.get(kind, Counts()).with_one(subject)
    everything = found.pop("all")
    return {**found, "all": everything}


def page(record: Mapping[str, Any]) -> str:
    """docs/held-out.md."""
    lines = [
        "# Wrong GRUs that were held out",
        "",
        f"Written by `{COMMAND}` on {record['date']}; the record is [held-out.json](records/held-out.json).",
        "",
        "The authors of these wrong GRUs had not read what draws the cases. Each is a plausible fault of a kernel. It",
        "is right on plain small cases and wrong in some region. Since they are published, they are held out no",
        "longer. They stand in `studies/held_out/`. `python -m conformance run studies.held_out.second.wrong:NAME`",
        "judges one of them.",
        "",
        f"A subject that declares everything gets {record['calls']:,} judged calls at {record['profile']}, besides",
        "those from several threads. A fault of chance that shows in",
        f"{SEEN / record['calls']:.2%} of all calls or more is seen with a probability of 95 %.",
    ]
    for group in SETS:
        lines += ["", f"## The {group} set", "", ABOUT[group], "", *_counts(record, group)]
    lines += ["", "## All", "", "| name | kind | fault | first alarm | seconds |", "|---|---|---|---|---:|"]
    for name, subject in record["subjects"].items():
        by = "none" if subject["caught"] is None else f"`{subject['caught'][0]}` {subject['caught'][1]}".strip()
        lines.append(f"| `{name}` | {subject['kind']} | {subject['sentence']} | {by} | {subject['seconds']} |")
    return "\n".join(lines) + "\n"


def _counts(record: Mapping[str, Any], group: str) -> list[str]:
    """A set in numbers, with those that are not caught."""
    found = kinds(record, group)
    every, profile = found["all"], record["profile"]
    left = [name for name in NAMES if name.startswith(group) and record["subjects"][name]["caught"] is None]
    return [
        f"**{every.first} of {every.total} were caught at first sight at {profile}**, and {every.now} are caught now.",
        "Those that were not caught at first sight were judged again after the gaps were mended.",
        f"The suite of commit {record['before']}, which judged two formats, was given {every.judged} of them, and",
        f"{every.passed} passed.",
        "",
        "| kind | caught at first sight | caught now | passed before |",
        "|---|---:|---:|---:|",
        *(
            f"| {kind} | {some.first} of {some.total} | {some.now} of {some.total} | {some.passed} of {some.judged} |"
            for kind, some in found.items()
        ),
        "",
        "Not caught now: " + (", ".join(f"`{name}`" for name in left) or "none") + ".",
    ]
