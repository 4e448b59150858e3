"""A vector: a case, the clause it belongs to, the bugs it shows; and its JSON, with the truth beside it.

Numbers are hexadecimal literals, so that every bit of them is in the file, NaN and infinities included. The id is the
hash of the question alone, so it stays whatever is learnt about it later.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from conformance.checks.verdict import DTYPES
from conformance.interface.case import Case, Outputs
from conformance.interface.numbers import read_arrays, to_hex
from conformance.truth.balls import each
from conformance.truth.certified import Truth
from conformance.vectors.notes import note
from reference import Parameters


@dataclass(frozen=True, eq=False, kw_only=True)
class Vector:
    """One question. name: the clause and what is special. flags: of FLAGS. cotangents: None where it asks no gradient.

    waives: the rules of the lint that it breaks on purpose; one that waives none is a deciding vector. A file does not
    hold them.
    """

    name: str
    clause: str
    description: str
    flags: tuple[str, ...]
    case: Case
    cotangents: Outputs | None = None
    waives: tuple[str, ...] = ()

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The formats in which it is asked: those of every score that hold its numbers exactly."""
        return tuple(dtype for dtype in DTYPES if np.can_cast(self.case.dtype, dtype))

    @property
    def question(self) -> dict[str, Any]:
        """What is asked, as JSON values: all that the id is made of."""
        cotangents = None if self.cotangents is None else each(to_hex, self.cotangents)._asdict()
        return {"case": self.case.to_json(), "cotangents": cotangents}

    @property
    def id(self) -> str:
        """The hash of the question."""
        return identity(self.question)

    def cast(self, dtype: str) -> tuple[Case, Outputs | None]:
        """The question in another of its formats, number for number."""

        def to(arrays: Any) -> Any:
            return each(lambda array: array.astype(dtype), arrays)

        case = self.case
        parameters = tuple(
            Parameters(to(p.kernel), to(p.recurrent_kernel), to(p.bias), p.reset) for p in case.parameters
        )
        wide = replace(case, inputs=to(case.inputs), parameters=parameters, initial_state=to(case.initial_state))
        return wide, to(self.cotangents)


class Stored(NamedTuple):
    """A vector as its file has it."""

    vector: Vector
    truth: Truth


def identity(question: dict[str, Any]) -> str:
    """sha256 of a question's JSON: keys sorted, no spaces."""
    return hashlib.sha256(json.dumps(question, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def to_json(vector: Vector, truth: Truth) -> dict[str, Any]:
    """All that the file of a vector holds, in its order."""
    return {
        "id": vector.id,
        "name": vector.name,
        "clause": vector.clause,
        "description": vector.description,
        "dtypes": list(vector.dtypes),
        "flags": list(vector.flags),
        "notes": {flag: note(flag) for flag in vector.flags},
        **vector.question,
        "truth": truth.to_json(),
    }


def from_json(data: dict[str, Any]) -> Stored:
    """The vector and the truth of a file. Raises InvalidCase where the case or the truth is none."""
    case, cotangents = Case.from_json(data["case"]), data["cotangents"]
    vector = Vector(
        name=data["name"],
        clause=data["clause"],
        description=data["description"],
        flags=tuple(data["flags"]),
        case=case,
        cotangents=None
        if cotangents is None
        else Outputs(*(read_arrays(cotangents[name], case.dtype, name) for name in Outputs._fields)),
    )
    return Stored(vector, Truth.from_json(data["truth"]))
