"""The text about failing clauses with one cause: the explanation and its fix, the first wrong number, a line to paste.

The size of the error in bounds is worded in conformance/checks/judgement.py. The explanation comes first. If none is
known, the text gives the clause, the gate that alone explains the wrong numbers, and the case in decimals. A case is
written out only if a person can check it by hand; failing cases are shrunk to such sizes. Each decimal is the shortest
that names the same machine number. The line that repeats the judgement contains the case as text; a case that is too
long for a word on a command line goes to a file.
"""

import re
import shlex
import zlib
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, isfinite, log10
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.judgement import Finding
from conformance.checks.verdict import WRONG, Cause, Verdict
from conformance.interface.case import Case
from conformance.interface.numbers import read_arrays
from conformance.interface.type_guards import is_tuple
from conformance.specification import CLAUSES

BY_HAND = 60
"""The largest number of numbers that are written out."""

LONGEST = 100_000
"""Characters of one word on a command line; Linux accepts 128 KiB (MAX_ARG_STRLEN)."""

EXTRA = 4
"""A number is shown with so many digits past the first in which it differs from the exact one."""

COLUMN = 7
"""The width in characters of the column of labels."""

Line = tuple[str, str]
"""A label, empty on a continuation line, and the text."""


def one_cause_each(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Group the wrong verdicts by their cause. Groups with a known cause come first.

    Without a known cause, all formats of one clause form a group, and so do all errors with the same text.
    """
    groups: dict[Any, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.kind in WRONG:
            same = verdict.cause or (verdict.kind, verdict.clause if verdict.finding else verdict.reason)
            groups.setdefault(same, []).append(verdict)
    return sorted(groups.values(), key=lambda group: group[0].cause is None)


def failure_text(name: str, verdict: Verdict, folder: Path | None = None) -> list[str]:
    """The lines about one verdict, the first one its heading.

    Args:
        name: The subject's name.
        verdict: The verdict.
        folder: The folder for a case that is too long for a command line; None means the current folder.

    Returns:
        The lines.
    """
    heading = f"{verdict.kind.upper()} {verdict.clause} {verdict.dtype}: {CLAUSES[verdict.clause]}"
    return [heading, *in_columns(failure_lines(name, [verdict], folder, whole=True))]


def in_columns(lines: Sequence[Line]) -> list[str]:
    """The lines, with their labels in a column."""
    return [f"{label + ':' if label else '':<{COLUMN}}{text}" for label, text in lines]


def failure_lines(
    name: str, verdicts: Sequence[Verdict], folder: Path | None = None, *, whole: bool = False
) -> list[Line]:
    """The lines about failing verdicts with one cause. The details are those of the first verdict.

    Args:
        name: The subject's name.
        verdicts: The verdicts.
        folder: The folder for a case that is too long for a command line; None means the current folder.
        whole: Write out the case even if the cause is known.

    Returns:
        The lines with their labels.
    """
    first, *others = verdicts
    lines = list(_explanations(first.cause) if first.cause else _found(first))
    if first.finding is not None and first.finding.computed is not None:
        lines.append(("where", f"{where(first.finding)} ({first.dtype})"))
    if first.cause is None and first.blame is not None and first.blame.gate is not None:
        lines.append(("", f"gate most responsible: {first.blame}"))
    if first.again is not None:
        if whole or first.cause is None:
            lines += _case(first, Case.from_text(first.again))
        lines.append(("again", again(name, first, folder)))
    if others:
        lines.append(("also", _named(others)))
    return lines


def _explanations(cause: Cause) -> Iterator[Line]:
    """Yield the explanations, the places where they hold, and their fixes."""
    several = len(cause.explanations) > 1
    if cause.limits is not None and not cause.explanations:
        yield "", cause.limits
    for number, explanation in enumerate(cause.explanations, 1):
        for place, part in enumerate(explanation):
            before = "and " if place else f"({number}) " if several else ""
            yield "", before + part.sentence.rstrip(".")
            if cause.limits is not None and not place:
                yield "", cause.limits
            yield "fix", part.fix
            if part.link:
                yield "", f"the same mistake elsewhere: {thread(part.link)}"


def _found(verdict: Verdict) -> Iterator[Line]:
    """Yield the finding of a verdict without a known cause, and the text of its clause."""
    yield "", verdict.reason if verdict.finding is None else verdict.finding.message
    yield "rule", CLAUSES[verdict.clause]


def thread(link: str) -> str:
    """A GitHub thread as owner/name#number; any other address unchanged."""
    return re.sub(r"^https://github\.com/([^/]+/[^/]+)/(?:issues|pull)/(\d+)$", r"\1#\2", link)


def where(finding: Finding) -> str:
    """The place of a wrong number, the number, the exact number, and the bound, with enough digits to show the
    difference.
    """
    computed, exact = finding.computed, finding.exact
    if computed is None or exact is None or not (isfinite(computed) and isfinite(exact)) or computed == exact:
        shown = f"{finding.where} = {computed!r}, exact {exact!r}"
    else:
        digits = min(17, ceil(log10(max(abs(computed), abs(exact)) / abs(computed - exact))) + EXTRA)
        shown = f"{finding.where} = {computed:.{digits}g}, exact {exact:.{digits}g}"
    return shown + finding.off


def _case(verdict: Verdict, case: Case) -> Iterator[Line]:
    """Yield the smallest case, with its cotangents if the clause is about gradients."""
    first, *numbers = smallest_case(case)
    yield "case", first
    if verdict.cotangents is not None and case.inputs.size <= BY_HAND:
        numbers += given_cotangents(verdict.cotangents, case.dtype)
    yield from (("", line) for line in numbers)


def _named(verdicts: Sequence[Verdict]) -> str:
    """The clauses with their formats; clauses with the same formats stand together."""
    formats: dict[str, list[str]] = {}
    for verdict in verdicts:
        formats.setdefault(verdict.clause, []).append(verdict.dtype)
    clauses: dict[tuple[str, ...], list[str]] = {}
    for clause, of in formats.items():
        clauses.setdefault(tuple(of), []).append(clause)
    return "; ".join(f"{', '.join(names)} ({', '.join(of)})" for of, names in clauses.items())


def smallest_case(case: Case) -> Iterator[str]:
    """Yield the case's sizes and options, and its numbers if they are few."""
    p, runs = case.parameters[0], "two directions" if case.merge else "reverse" if case.reverse else "forward"
    sizes = (
        (case.batch, "row"),
        (case.time, "step"),
        (p.input_dim, "input"),
        (case.units, "unit"),
    )
    said = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in sizes)
    merge = f", joined by {case.merge}" if case.merge else ""
    padding = case.mask is not None or case.lengths is not None
    policy = f', masked outputs "{case.masked_outputs}"' if padding else ""
    yield f"{said}; {case.dtype}, {runs}{merge}, reset {case.reset}{policy}"
    weights = sum(array.size for q in case.parameters for array in (q.kernel, q.recurrent_kernel, q.bias))
    if case.inputs.size + weights > BY_HAND:
        yield "  (too large to write out)"
        return
    yield f"  inputs {decimals(case.inputs)}"
    if case.lengths is not None:
        yield f"  lengths {case.lengths.tolist()}"
    if case.mask is not None:
        yield f"  mask {case.mask.astype(int).tolist()}"
    for direction, q in enumerate(case.parameters):
        which = ("forward ", "backward ")[direction] if case.merge else ""
        if case.initial_state is not None:
            yield f"  {which}initial_state {decimals(case.initial_state[direction])}"
        for gate, letter in enumerate(q.gates):
            parts = {
                "kernel": q.kernel[gate],
                "recurrent_kernel": q.recurrent_kernel[gate],
                "bias": q.bias[0, gate],
                "recurrent bias": q.bias[1, gate],
            }
            told = ", ".join(f"{part} {decimals(array)}" for part, array in parts.items())
            yield f"  {which}{letter}: {told}"


def given_cotangents(cotangents: Mapping[str, Any], dtype: str) -> Iterator[str]:
    """Yield the cotangents of outputs and final state, for which the gradients were computed, from their JSON
    values.
    """
    for name, values in cotangents.items():
        given = read_arrays(values, dtype, name)
        parts = given if is_tuple(given) else (given,)
        yield f"  cotangents of {name}: {', '.join(map(decimals, parts))}"


def decimals(array: np.ndarray) -> str:
    """Nested brackets of the shortest decimals that name the same numbers in the array's format."""
    if array.ndim:
        return "[" + ", ".join(map(decimals, array)) + "]"
    number: Any = array[()]
    text = np.format_float_positional(number, unique=True, trim="-")
    return text if len(text) < 12 else np.format_float_scientific(number, unique=True, trim="-")


def again(name: str, verdict: Verdict, folder: Path | None = None) -> str:
    """The command that runs the same clause of the same subject on this case."""
    case = verdict.again or ""
    if len(case) > LONGEST:
        path = (folder or Path()) / f"case-{zlib.crc32(case.encode()):08x}.txt"
        path.write_text(case)
        case = f"@{path}"
    return f"gru-conformance again {shlex.quote(name)} {verdict.clause} {shlex.quote(case)}"
