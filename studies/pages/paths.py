"""Every way to deploy `tf_gru`, judged by the whole suite: the part of docs/paths.md after the results of `exports`.

`python -m studies paths` judges and writes docs/records/paths.json, then docs/paths.md from it. A test compares the
page with the record, and the record with the adapters' declarations.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from conformance.checks.verdict import DECLINED, PASS, Subject
from conformance.specification import CLAUSES
from studies.exports import page as exports

PATHS = {
    "tf_gru:eager": "the layer, called eagerly",
    "tf_gru:graph": "in `tf.function`",
    "tf_gru:xla": "compiled by XLA (`jit_compile=True`)",
    "tf_gru:keras-save": "saved as `.keras` and loaded again",
    "tf_gru:saved-model": "exported as a SavedModel, served by a process that cannot import `tf_gru`",
    "tf_gru:onnx": "exported to ONNX, on ONNX Runtime",
    "tf_gru:litert": "exported to LiteRT's built-in operators, on its interpreter",
    "tf_gru:tf1": "the function `tf_gru.gru` in a graph and session of TensorFlow 1",
}
RECORD = Path(__file__).parents[2] / "docs/records/paths.json"
PAGE = RECORD.parent.parent / "paths.md"
HEAD = """# The paths of deployment, judged

This page shows that a model computes the same outside the process as inside. [Saving, exporting,
deploying](deploying.md) explains how to take each path.
"""
CLAUSES_HEAD = """## Every clause of the suite, along each path

Every path gets the same cases and the same weights from the suite. A number is the worst margin: the largest part of
the bound that was used, over the formats that the path declares. A dash is a pass of a clause where nothing may differ.
A number in parentheses is declined, for the reason below.

`python -m studies paths` writes this part and [its record](records/paths.json).
"""


def recorded(subjects: list[Subject], day: str) -> dict[str, Any]:
    """The record of each subject: versions, and the verdict for each clause and format.

    Only passes keep their margin: the margin of a failure may be infinite, which JSON cannot represent.
    """
    return {
        subject.name: {
            "day": day,
            "versions": subject.versions,
            "broken": subject.broken,
            "verdicts": [
                {
                    "clause": verdict.clause,
                    "dtype": verdict.dtype,
                    "kind": verdict.kind,
                    "margin": round(verdict.margin, 4) if verdict.kind == PASS and verdict.margin is not None else None,
                    "cases": verdict.cases,
                    "reason": verdict.reason,
                }
                for verdict in subject.verdicts
            ],
        }
        for subject in subjects
    }


def load() -> dict[str, Any]:
    """The record, in the order of PATHS; empty if there is none."""
    found = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return {name: found[name] for name in PATHS if name in found}


def missing(record: dict[str, Any], names: Iterable[str] = PATHS) -> list[str]:
    """The names that have not been judged yet."""
    return [name for name in names if name not in record]


def wrong(record: dict[str, Any]) -> Iterator[str]:
    """Yield everything that is neither a pass nor declined with a reason, in words, for the judged paths."""
    for name in PATHS:
        if name not in record:
            continue
        if record[name]["broken"]:
            yield f"{name}: {record[name]['broken']}"
        found = {}
        for verdict in record[name]["verdicts"]:
            found.setdefault(verdict["clause"], []).append(verdict)
            reasoned = verdict["kind"] == DECLINED and ": " in verdict["reason"]
            if verdict["kind"] != PASS and not reasoned:
                yield f"{name}: {verdict['clause']} {verdict['dtype']}: {verdict['kind']}: {verdict['reason']}"
        yield from (f"{name}: {clause}: not judged" for clause in CLAUSES if clause not in found)


def page(record: dict[str, Any]) -> str:
    """docs/paths.md: each path, the table, the reasons, and the versions."""
    ways = [f"- `{name}`: {PATHS[name]}; {_formats(verdicts['verdicts'])}." for name, verdicts in record.items()]
    short = [name.partition(":")[2] for name in record]
    table = [line("clause", *short), line(*["---"] * (len(short) + 1))]
    notes: dict[str, int] = {}
    for clause in CLAUSES:
        cells = [cell([v for v in found["verdicts"] if v["clause"] == clause], notes) for found in record.values()]
        table.append(line(f"`{clause}`", *cells))
    failures = list(wrong(record))
    result = "Nothing failed." if record and not failures else "\n".join(f"- WRONG: {each}" for each in failures)
    ways += [
        f"- `{name}`: {PATHS[name]}; not on record yet: `python -m studies paths {name}`." for name in missing(record)
    ]
    parts = [HEAD, exports.part(exports.load()), CLAUSES_HEAD, "\n".join(ways), "\n".join(table), result]
    return together(parts, notes, record)


def together(parts: list[str], notes: dict[str, int], record: dict[str, Any]) -> str:
    """A page of these parts, then the numbered reasons, then the day and versions of each judgement."""
    reasons = [f"{number}. {reason}" for reason, number in notes.items()]
    judged = [f"- `{name}`, {found['day']}: {_versions(found['versions'])}" for name, found in record.items()]
    ends = ["### Reasons to decline a clause\n\n" + "\n".join(reasons), "### Days and versions\n\n" + "\n".join(judged)]
    return "\n\n".join(part.rstrip("\n") for part in [*parts, *ends]) + "\n"


def line(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def _formats(verdicts: list[dict[str, Any]]) -> str:
    """The formats in which something was judged, and the reasons for the others."""
    passed = {verdict["dtype"] for verdict in verdicts if verdict["kind"] == PASS}
    others = {verdict["dtype"]: verdict["reason"] for verdict in verdicts if verdict["dtype"] not in passed}
    return "; ".join([" and ".join(sorted(passed)), *others.values()])


def cell(verdicts: list[dict[str, Any]], notes: dict[str, int]) -> str:
    """The worst margin of a clause, or the number of the reason why it is declined."""
    passed = [verdict["margin"] or 0 for verdict in verdicts if verdict["kind"] == PASS]
    if passed:
        return f"{max(passed):.2f}" if max(passed) else "–"
    reason = next(v["reason"] for v in verdicts if v["dtype"] == "float32")
    return f"({notes.setdefault(reason, len(notes) + 1)})"


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items() if name != "tf-gru")
