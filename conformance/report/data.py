"""The report as JSON, described by the schema beside this file; and the machine it was made on."""

import json
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from conformance.specification import CLAUSES
from conformance.verdict import Subject

SCHEMA = Path(__file__).parent / "schema.json"


def machine() -> dict[str, Any]:
    """The system, the kind of processor, and what NumPy found it to have beyond what NumPy was built for."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    features = [*simd.get("baseline", []), *simd.get("found", [])]
    return {"system": platform.platform(), "processor": platform.machine(), "features": features}


def to_json(subjects: list[Subject], profile: str) -> dict[str, Any]:
    """The whole report as JSON values."""
    return {
        "suite": {"name": "tf-gru conformance", "version": metadata.version("tf-gru")},
        "machine": machine(),
        "profile": profile,
        "clauses": CLAUSES,
        "subjects": [subject.to_json() for subject in subjects],
    }


def write_json(path: Path, subjects: list[Subject], profile: str) -> None:
    """The report as JSON; a margin of infinity is the string "inf"."""
    path.write_text(json.dumps(_finite(to_json(subjects, profile)), indent=1, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    """JSON has no infinities and no NaN: as strings."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return str(value)
    return value


def violations(report: Any) -> list[str]:
    """A line for each thing in which a report's JSON is not as the schema has it."""
    return [f"{error.json_path}: {error.message[-160:]}" for error in sorted(_validator().iter_errors(report), key=str)]


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # here, because it would double the time that the command line starts

    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
