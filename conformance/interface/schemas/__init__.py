"""The schemas of all JSON that the suite writes, by name: JSON Schema 2020-12, with references by $id."""

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

HERE = Path(__file__).parent
FILES = {path.stem: path for path in sorted(HERE.glob("*.json"))}


def violations(name: str, data: Any) -> list[str]:
    """A line for each violation of a schema. Raises KeyError for an unknown schema name."""
    return [
        f"{error.json_path}: {error.message[-160:]}" for error in sorted(validator(name).iter_errors(data), key=str)
    ]


@cache
def validator(name: str) -> Any:
    """The validator of a schema. The schema itself is checked against its meta-schema."""
    # Here, because both would double the start time of the command line.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    schemas = {name: json.loads(path.read_text()) for name, path in FILES.items()}
    Draft202012Validator.check_schema(schemas[name])
    registry = cast(Any, Registry)()
    named = [(schema["$id"], schema) for schema in schemas.values() if "$id" in schema]
    return Draft202012Validator(schemas[name], registry=registry.with_contents(named))
