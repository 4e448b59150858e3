"""Judge every GRU of other projects with an adapter, and one path of `tf_gru`: the content of docs/scoreboard.md.

`python -m studies scoreboard` judges and writes docs/records/scoreboard.json, then docs/scoreboard.md from it. A test
compares the page with the record, and failures with known.py. Left out: the other paths of `tf_gru` (see
docs/paths.md).
"""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance import adapters
from conformance.adapters import REGISTERED
from conformance.checks.judge import PROFILES, describe, verdicts, wired
from conformance.checks.verdict import DECLINED, FAIL, PASS, Subject
from conformance.specification import CLAUSES
from studies.pages import paths
from studies.pages.known import anchor, heading

RECORD = Path(__file__).parents[2] / "docs/records/scoreboard.json"
PAGE = RECORD.parent.parent / "scoreboard.md"
SUBJECTS = (
    "reference",
    "tf_gru:graph",
    *(name for name in REGISTERED if name.partition(":")[0] not in ("reference", "tf_gru")),
)
HEAD = """# The scoreboard

This page shows the verdicts on other projects' GRUs, side by side. Each implementation gets the suite's cases for what
its adapter declares.

![Verdicts of every implementation on every clause, as a heat map](scoreboard.svg)

| cell | meaning |
| --- | --- |
| a number | A pass, and its worst margin: the largest part of the bound that was used, over the declared formats. |
| – | A pass of a clause where nothing may differ. |
| **fail** | A failure, with a link to its finding. With a format, it fails in that format only. |
| (1) | Declined, for the reason below with this number. |

A declined clause is no failure: a cell has no lengths, and an operator for inference has no gradients. It is no pass
either.

`python -m studies scoreboard` writes this page and [its record](records/scoreboard.json).
"""


def judged(name: str) -> Subject:
    """Judge a subject in a separate process, as the suite does, but without making failing cases smaller."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_subject, name).result()


def _subject(name: str) -> Subject:
    gru = adapters.load(name)
    subject = describe(name, gru)
    subject.broken = wired(gru)
    if subject.broken is None:
        subject.verdicts += verdicts(gru, PROFILES["dev"], shrink=False)
    return subject


def stored() -> dict[str, Any]:
    """The stored judgements; empty if there is no record."""
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def load() -> dict[str, Any]:
    """The record, in the order of SUBJECTS. tf_gru's part comes from studies/pages/paths.py unless it was judged
    here.
    """
    found = paths.load() | stored()
    return {name: found[name] for name in SUBJECTS if name in found}


def unexplained(record: dict[str, Any]) -> Iterator[str]:
    """Yield everything that is neither a pass, nor declined with a reason, nor a known failure; and clauses without
    a verdict.
    """
    for name, found in record.items():
        if found["broken"]:
            yield f"{name}: {found['broken']}"
        for verdict in found["verdicts"]:
            clause, dtype, kind = verdict["clause"], verdict["dtype"], verdict["kind"]
            known = kind == FAIL and heading(name, clause, dtype) is not None
            reasoned = kind == DECLINED and ": " in verdict["reason"]
            if kind != PASS and not known and not reasoned:
                yield f"{name}: {clause} {dtype}: {kind}: {verdict['reason']}"
        judged = {verdict["clause"] for verdict in found["verdicts"]}
        yield from (f"{name}: {clause}: not judged" for clause in CLAUSES if clause not in judged)


def page(record: dict[str, Any]) -> str:
    """docs/scoreboard.md: counts, the table, the reasons, and the versions."""
    notes: dict[str, int] = {}
    table = [paths.line("clause", *(f"`{name}`" for name in record)), paths.line(*["---"] * (len(record) + 1))]
    for clause in CLAUSES:
        cells = (
            _cell(name, [v for v in found["verdicts"] if v["clause"] == clause], notes)
            for name, found in record.items()
        )
        table.append(paths.line(f"`{clause}`", *cells))
    counts = [paths.line("implementation", "pass", "fail", "declined"), paths.line(*["---"] * 4)]
    counts += [
        paths.line(
            f"`{name}`", *(str(sum(v["kind"] == kind for v in found["verdicts"])) for kind in (PASS, FAIL, DECLINED))
        )
        for name, found in record.items()
    ]
    wrong = [f"- UNEXPLAINED: {line}" for line in unexplained(record)]
    wrong += [
        f"- `{name}`: not on record yet: `python -m studies scoreboard {name}`."
        for name in paths.missing(record, SUBJECTS)
    ]
    formats = "float32 and float64, and in float16 and bfloat16 if the adapter claims them"
    of = f"This table counts the verdicts on {len(CLAUSES)} clauses, each in {formats}:"
    told = "\n".join(wrong or ["Every failure is one of [the findings](findings.md)."])
    return paths.together([HEAD, "\n".join(table), of, "\n".join(counts), told], notes, record)


def _cell(name: str, verdicts: list[dict[str, Any]], notes: dict[str, int]) -> str:
    """The cell of a clause and a subject: failures first, then the worst margin, then the reason for declining."""
    bad = [verdict for verdict in verdicts if verdict["kind"] not in (PASS, DECLINED)]
    if bad:
        others = any(verdict["kind"] == PASS for verdict in verdicts)
        titles = {verdict["dtype"]: heading(name, verdict["clause"], verdict["dtype"]) for verdict in bad}
        texts = {
            f"**[fail{f' {dtype}' if others else ''}](findings.md#{anchor(title)})**"
            if title
            else f"**{bad[0]['kind']}**"
            for dtype, title in titles.items()
        }
        return " ".join(sorted(texts))
    return paths.cell(verdicts, notes)
