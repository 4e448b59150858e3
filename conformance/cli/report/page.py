"""The report as one HTML page without any other file, font or network.

It joins page.html, page.css and page.js of this folder. The page works without scripts, on paper, on a telephone, in
bright and dark, with a keyboard, and without colours. Its policy forbids the browser to load anything.
"""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.checks.verdict import DECLINED, DTYPES, KINDS, PASS, Subject, Verdict
from conformance.cli.report import caught as summary
from conformance.cli.report import figures
from conformance.cli.report.data import machine
from conformance.cli.report.failure import failure_lines, one_cause_each, thread
from conformance.cli.report.templates import filled, require
from conformance.cli.report.terminal import WORD, grouped, shown, unexplained
from conformance.specification import CLAUSES
from gru_conformance import version

NEEDS = ("jinja2", "matplotlib")
SHORT = {**WORD, DECLINED: "declined"}
SAID = {
    "ulps": "whole run: ULP from truth",
    "margins": "one step: part of its bound",
}


def page(subjects: list[Subject], profile: str) -> str:
    """The text of the page. Raises UsageError if Jinja or matplotlib is missing."""
    require(*NEEDS)
    scored = [subject for subject in subjects if subject.verdicts]
    matrix = summary.read()
    return filled(
        "page.html",
        css=_beside("page.css"),
        js=_beside("page.js"),
        version=version(),
        python=platform.python_version(),
        profile=profile,
        machine=machine(),
        dtypes=shown(scored),
        kinds=KINDS,
        clauses=CLAUSES,
        subjects=[_subject(place, subject) for place, subject in enumerate(subjects)],
        scored=[subject.name for subject in scored],
        table=_table(subjects),
        histograms=_histograms(scored),
        growth=_growth(scored),
        matrix=matrix,
        families=list(matrix["mutants"]),
    )


def _beside(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _table(subjects: list[Subject]) -> list[tuple[str, list[list[dict[str, str]]]]]:
    """For each judged clause and each subject with a score, its cells in the order of DTYPES."""
    rows: list[tuple[str, list[list[dict[str, str]]]]] = []
    for clause in CLAUSES:
        cells = [
            [
                _cell(place, subject, v)
                for dtype in DTYPES
                for v in subject.verdicts
                if (v.clause, v.dtype) == (clause, dtype)
            ]
            for place, subject in enumerate(subjects)
            if subject.verdicts
        ]
        if any(cells):
            rows.append((clause, cells))
    return rows


def _cell(place: int, subject: Subject, verdict: Verdict) -> dict[str, str]:
    """One verdict of the table: its word, its title, and the target of its link if there is one."""
    text = SHORT.get(verdict.kind) or (f"{verdict.margin:.3f}" if verdict.margin else "–")
    said = f"{subject.name}, {verdict.clause}, {verdict.dtype}: {verdict.kind}"
    if verdict.kind == PASS:
        said += f", worst margin {verdict.margin:.3g}" if verdict.margin else ", nothing may differ"
        said += f", {verdict.judged} numbers of {verdict.cases} cases"
        href = ""
    elif verdict.kind == DECLINED:
        said, href = f"{said}: {verdict.reason}", f"#s{place}-declined"
    else:
        said, href = f"{said}: {verdict.reason[:300]}", f"#{_anchor(place, verdict)}"
    return {"text": text, "said": said, "href": href, "kind": verdict.kind, "dtype": verdict.dtype}


def _anchor(place: int, verdict: Verdict) -> str:
    return f"s{place}-{verdict.clause}-{verdict.dtype}"


def _subject(place: int, subject: Subject) -> dict[str, Any]:
    """The template's values for one subject."""
    worst: list[tuple[str, ...]] = []
    for dtype in DTYPES:
        if (found := subject.worst(dtype)) is not None:
            verdict, ulps = found
            worst.append((dtype, verdict.clause, f"{verdict.margin:.3f}", f"{ulps:.2f}" if ulps else ""))
    causes = [_cause(place, subject, verdicts) for verdicts in one_cause_each(subject.verdicts)]
    return {
        "id": f"s{place}",
        "it": subject,
        "counts": {kind: subject.count(kind) for kind in KINDS},
        "worst": worst,
        "declined": list(grouped(subject).items()),
        "unexplained": unexplained(subject),
        "causes": causes,
    }


def _cause(place: int, subject: Subject, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """One cause: its explanations, and its failing clauses, each as a finding."""
    cause = verdicts[0].cause
    return {
        "explanations": [
            [{**asdict(part), "thread": thread(part.link)} for part in explanation]
            for explanation in (cause.explanations if cause else ())
        ],
        "limits": cause.limits if cause else None,
        "findings": [_finding(place, subject, verdict) for verdict in verdicts],
    }


def _finding(place: int, subject: Subject, verdict: Verdict) -> dict[str, Any]:
    lines = failure_lines(subject.name, [verdict], whole=True)
    labels = [label for label, _ in lines]
    start, end = (labels.index(label) if label in labels else len(lines) for label in ("case", "again"))
    return {
        "id": _anchor(place, verdict),
        "verdict": verdict,
        "clause": CLAUSES[verdict.clause],
        "case": [text for _, text in lines[start:end]],
        "again": lines[end][1] if end < len(lines) else "",
    }


def _histograms(subjects: list[Subject]) -> list[tuple[str, str, str]]:
    """For each class of arithmetic its name, the picture, and the picture in words."""
    found: list[tuple[str, str, str]] = []
    for number, (name, margins) in enumerate(figures.margins_by_class(subjects).items()):
        ordered = sorted(margins)
        words = (
            f"{len(margins)} passes with arithmetic: margins from {ordered[0]:.3g} to {ordered[-1]:.3g}, "
            f"half of them up to {ordered[(len(ordered) - 1) // 2]:.3g}."
        )
        found.append((name, figures.histogram(margins, f"h{number}"), words))
    return found


def _growth(subjects: list[Subject]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """For each format and measure a title, the picture, and each subject's first, largest and last value in words."""
    found: list[tuple[str, str, list[tuple[str, str]]]] = []
    for number, (dtype, measure) in enumerate(figures.drawable(subjects)):
        series = figures.over_time(subjects, dtype, measure)
        words = [
            (name, f"step 1: {values[0]:.3g}; largest: {max(values):.3g}; step {len(values)}: {values[-1]:.3g}")
            for name, values in series.items()
        ]
        picture = figures.growth(series, SAID[measure], f"g{number}")
        found.append((f"{dtype}, {SAID[measure]}", picture, words))
    return found


def write_page(path: Path, subjects: list[Subject], profile: str) -> None:
    """Write the page. Raises UsageError if Jinja or matplotlib is missing."""
    path.write_text(page(subjects, profile), encoding="utf-8")
