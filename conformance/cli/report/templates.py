"""The templates beside this file, filled in; whatever is filled in is escaped."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from conformance.interface.adapter import UsageError


def require(*modules: str) -> None:
    """Raises UsageError where one is not installed: before anything is judged, not after."""
    for name in modules:
        if find_spec(name) is None:
            raise UsageError(f"this report needs {name}; pip install 'tf-gru[report]'")


def filled(name: str, **values: Any) -> str:
    """A template's text with these values. Raises UsageError where Jinja is missing."""
    require("jinja2")
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values)
