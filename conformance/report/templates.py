"""The templates beside this file, filled in; whatever is filled in is escaped."""

from pathlib import Path
from typing import Any

from conformance.adapter import UsageError


def filled(name: str, **values: Any) -> str:
    """A template's text with these values. Raises UsageError where Jinja is missing."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise UsageError(f"this report needs {error.name}; pip install 'tf-gru[report]'") from error
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values)
