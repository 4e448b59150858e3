"""Fill the templates in this folder. Every value is escaped."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from conformance.interface.adapter import UsageError


def require(*modules: str) -> None:
    """Raise UsageError if a module is not installed, before anything is judged."""
    for name in modules:
        if find_spec(name) is None:
            raise UsageError(f"this report needs {name}; pip install 'tf-gru[report]'")


def filled(name: str, **values: Any) -> str:
    """The text of a template with these values. Raises UsageError if Jinja is missing."""
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
