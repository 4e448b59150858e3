"""The report as JSON, in the form of schema.json, and a description of the machine."""

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.verdict import Subject
from conformance.interface.type_guards import is_list, is_object, is_tuple
from conformance.specification import CLAUSES
from gru_conformance import version


def machine() -> dict[str, Any]:
    """The system, the kind of processor, and the processor features that NumPy found beyond its baseline."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    features = [*simd.get("baseline", []), *simd.get("found", [])]
    return {"system": platform.platform(), "processor": platform.machine(), "features": features}


def to_json(subjects: list[Subject], profile: str) -> dict[str, Any]:
    """The whole report as JSON values."""
    return {
        "suite": {"name": "tf-gru conformance", "version": version()},
        "machine": machine(),
        "profile": profile,
        "clauses": CLAUSES,
        "subjects": [subject.to_json() for subject in subjects],
    }


def write_json(path: Path, subjects: list[Subject], profile: str) -> None:
    """Write the report as JSON. An infinite margin becomes the string "inf"."""
    path.write_text(json.dumps(_finite(to_json(subjects, profile)), indent=1, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    """Convert infinities and NaN to strings, because JSON has no numbers for them."""
    if is_object(value):
        return {key: _finite(item) for key, item in value.items()}
    if is_list(value) or is_tuple(value):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return str(value)
    return value
