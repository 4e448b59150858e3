"""Messages to a program and its answers, as lines of JSON. Each is checked against the schema."""

import json
from functools import lru_cache
from typing import Any, cast

import numpy as np

from conformance.interface.adapter import Capabilities, Malformed, SubjectError
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Gradients, Outputs
from conformance.interface.numbers import InvalidCase, named, read_arrays
from conformance.interface.printable import printable
from conformance.interface.schemas import FILES
from conformance.interface.type_guards import is_list, is_object

PROTOCOL = 1
SCHEMA = FILES["process"]


class Foreign(SubjectError):
    """A line that is not a message, or does not answer the question."""


def line(message: dict[str, Any]) -> bytes:
    """A message as one line."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode()


def read(said: bytes, kinds: tuple[str, ...], number: int | None = None) -> dict[str, Any]:
    """Read the message in a line. Raises Foreign unless it is of one of these kinds and answers this question."""
    try:
        message = json.loads(said, parse_constant=_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Foreign(f"answered something that is not JSON: {_short(said)} ({_end(str(error))})") from error
    kind = message.get("kind") if is_object(message) else None
    if kind not in kinds:
        raise Foreign(f"answered {_short(said)}, but must answer an object whose kind is one of {', '.join(kinds)}")
    if kind == "started" and message.get("protocol") != PROTOCOL:
        raise Foreign(f"speaks version {message.get('protocol')!r} of the protocol, but this suite speaks {PROTOCOL}")
    wrong = violation(message, kind)
    if wrong is not None:
        raise Foreign(f"answered a message of kind {kind!r} that is not as the schema has it: {wrong}")
    if message.get("id") != number:
        raise Foreign(f"answered question {message.get('id')}, but was asked question {number}")
    return message


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with printable texts. Raises ValueError for a repeated key."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} occurs twice in one object")
        found[printable(key)] = printable(value) if isinstance(value, str) else value
    return found


def capabilities_of(message: dict[str, Any]) -> Capabilities:
    """The capabilities in a program's message. Raises UsageError or InvalidClaim for an invalid claim."""
    said: dict[str, Any] = dict(message["capabilities"])
    claims = {dtype: Arithmetic(dtype=dtype, **claim) for dtype, claim in said.pop("arithmetic").items()}
    lists: dict[str, Any] = {name: tuple(value) for name, value in said.items() if is_list(value)}
    return Capabilities(arithmetic=claims, **{**said, **lists})


def outputs_of(message: dict[str, Any], dtype: str) -> Outputs:
    """The arrays of a result. Raises Malformed if they are not arrays of this dtype."""
    return Outputs(*(_arrays(message[name], dtype, name) for name in Outputs._fields))


def gradients_of(message: dict[str, Any], dtype: str) -> Gradients:
    """The gradients of an answer. Raises Malformed if they are not arrays of this dtype."""
    return Gradients(*(_arrays(message[name], dtype, f"gradients.{name}") for name in Gradients._fields))


def violation(message: Any, kind: str) -> str | None:
    """The first violation of the schema by a message of this kind, or None."""
    from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

    error = cast(Any, best_match(_validator(kind).iter_errors(message)))
    return None if error is None else f"{error.json_path}: {_end(error.message)}"


@lru_cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator  # here, because it would double the start time of the command line

    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})


def _arrays(value: Any, dtype: str, name: str) -> np.ndarray | tuple[np.ndarray, ...] | None:
    try:
        return read_arrays(value, dtype, name, named)
    except InvalidCase as error:
        raise Malformed(str(error)) from error


def _constant(word: str) -> float:
    raise ValueError(f'JSON has no number {word}; write "NaN", "Infinity" or "-Infinity" as a string')


def _short(said: bytes) -> str:
    text = repr(said[:80].decode(errors="replace"))
    return text if len(said) <= 80 else f"{text}... ({len(said)} bytes)"


def _end(message: str) -> str:
    """The end of a message, which may begin with a whole array."""
    return message if len(message) < 160 else "... " + message[-160:]
