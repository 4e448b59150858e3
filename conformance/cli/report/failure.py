"""What a report says of a failure: clause, first wrong number, gate to blame, the case in decimals, a line to paste.

A case is written out where a person can check it by hand, which is what failing cases shrink to. Its decimals are the
shortest that name the same machine numbers. The line that repeats it holds the case as text; where that is longer than
a shell takes in one word, it goes to a file.
"""

import shlex
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.verdict import Verdict
from conformance.interface.case import Case
from conformance.interface.numbers import read_arrays
from conformance.interface.type_guards import is_tuple
from conformance.specification import CLAUSES

BY_HAND = 60
"""So many numbers are written out."""

LONGEST = 100_000
"""Characters of one word on a command line: Linux takes 128 KiB (MAX_ARG_STRLEN)."""


def failure_text(name: str, verdict: Verdict, folder: Path | None = None) -> list[str]:
    """The lines about one verdict of the subject of this name, the first one its heading.

    folder: where a case goes that is too long for a command line; the current folder where none is given.
    """
    lines = [f"{verdict.kind.upper()} {verdict.clause} {verdict.dtype}: {CLAUSES[verdict.clause]}", verdict.reason]
    if verdict.blame is not None:
        lines.append(f"gate most responsible: {verdict.blame}")
    if verdict.again is not None:
        case = Case.from_text(verdict.again)
        lines += smallest_case(case)
        if verdict.cotangents is not None and case.inputs.size <= BY_HAND:
            lines += given_cotangents(verdict.cotangents, case.dtype)
        lines.append(f"again: {again(name, verdict, folder)}")
    return lines


def smallest_case(case: Case) -> Iterator[str]:
    """The case's sizes and options, and its numbers if they are few."""
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
    yield f"smallest case: {said}; {case.dtype}, {runs}{merge}, reset {case.reset}{policy}"
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
    """What the gradients are of: the cotangents of outputs and final state, from their JSON values."""
    for name, values in cotangents.items():
        given = read_arrays(values, dtype, name)
        parts = given if is_tuple(given) else (given,)
        yield f"  cotangents of {name}: {', '.join(map(decimals, parts))}"


def decimals(array: np.ndarray) -> str:
    """Nested brackets of the shortest decimals that give the same numbers in the array's format."""
    if array.ndim:
        return "[" + ", ".join(map(decimals, array)) + "]"
    number: Any = array[()]
    text = np.format_float_positional(number, unique=True, trim="-")
    return text if len(text) < 12 else np.format_float_scientific(number, unique=True, trim="-")


def again(name: str, verdict: Verdict, folder: Path | None = None) -> str:
    """The command that asks the same subject for the same clause on this case."""
    case = verdict.again or ""
    if len(case) > LONGEST:
        path = (folder or Path()) / f"case-{zlib.crc32(case.encode()):08x}.txt"
        path.write_text(case)
        case = f"@{path}"
    return f"python -m conformance again {shlex.quote(name)} {verdict.clause} {shlex.quote(case)}"
