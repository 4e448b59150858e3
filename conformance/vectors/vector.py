"""A vector: a case, its clause, and the mistakes that it shows; and its JSON with the truth.

Numbers are hexadecimal literals, so that the file contains every bit, NaN and infinities included. The id is the hash
of the question alone, so it never changes when more is learnt about the question.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from conformance.checks.verdict import DTYPES
from conformance.interface.case import Case, Outputs, cast, each
from conformance.interface.numbers import read_arrays, to_hex
from conformance.truth.certified import Truth
from conformance.vectors.compact import expand, sample
from conformance.vectors.notes import note


@dataclass(frozen=True, eq=False, kw_only=True)
class Vector:
    """One question.

    Attributes:
        name: The clause and the special feature.
        clause: The id of the clause.
        description: The feature in words.
        flags: Mistakes that the vector shows, of `notes.FLAGS`.
        case: The case.
        cotangents: Cotangents of the answer; None if it has no gradients.
        waives: Rules of the lint that it breaks on purpose. A vector without waivers is a deciding vector. Files do not
            contain them.
        compact: The question as JSON values with recipes; None if the file contains all numbers.
    """

    name: str
    clause: str
    description: str
    flags: tuple[str, ...]
    case: Case
    cotangents: Outputs | None = None
    waives: tuple[str, ...] = ()
    compact: dict[str, Any] | None = None

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The formats of the vector: all judged formats that hold its numbers exactly."""
        return tuple(dtype for dtype in DTYPES if np.can_cast(self.case.dtype, dtype))

    @property
    def question(self) -> dict[str, Any]:
        """The question as JSON values: everything that the id depends on."""
        if self.compact is not None:
            return self.compact
        cotangents = None if self.cotangents is None else each(to_hex, self.cotangents)._asdict()
        return {"case": self.case.to_json(), "cotangents": cotangents}

    @property
    def id(self) -> str:
        """The hash of the question."""
        return identity(self.question)

    def cast(self, dtype: str) -> tuple[Case, Outputs | None]:
        """The question in another of its formats, with the same numbers."""
        return self.case.astype(dtype), cast(self.cotangents, dtype)


class Stored(NamedTuple):
    """A vector and its truth, as its file contains them."""

    vector: Vector
    truth: Truth


def identity(question: dict[str, Any]) -> str:
    """The sha256 of a question's JSON with sorted keys and no spaces."""
    return hashlib.sha256(json.dumps(question, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def to_json(vector: Vector, truth: Truth) -> dict[str, Any]:
    """Everything in a vector's file, in its order."""
    return {
        "id": vector.id,
        "name": vector.name,
        "clause": vector.clause,
        "description": vector.description,
        "dtypes": list(vector.dtypes),
        "flags": list(vector.flags),
        "notes": {flag: note(flag) for flag in vector.flags},
        **vector.question,
        "truth": truth.to_json() if vector.compact is None else truth.to_json(sample),
    }


def from_json(data: dict[str, Any]) -> Stored:
    """The vector and the truth in a file. Raises InvalidCase if the case or the truth is not valid."""
    written = {name: data[name] for name in ("case", "cotangents")}
    question = expand(written)
    case, cotangents = read_question(question)
    vector = Vector(
        name=data["name"],
        clause=data["clause"],
        description=data["description"],
        flags=tuple(data["flags"]),
        case=case,
        cotangents=cotangents,
        compact=None if question == written else written,
    )
    return Stored(vector, Truth.from_json(expand(data["truth"])))


def read_question(question: dict[str, Any]) -> tuple[Case, Outputs | None]:
    """Read the case and the cotangents of a question with all its numbers. Raises InvalidCase if it is invalid."""
    case, given = Case.from_json(question["case"]), question["cotangents"]
    if given is None:
        return case, None
    return case, Outputs(*(read_arrays(given[name], case.dtype, name) for name in Outputs._fields))
