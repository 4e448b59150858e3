"""Check the packages of an example before it imports them. This module imports the standard library only."""

import sys
from importlib.util import find_spec
from pathlib import Path


def needs(file: str, *packages: str) -> None:
    """Exit with code 1 if one of these packages is not installed, and print the command that installs it."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        example = f"examples/{Path(file).name}"
        sys.exit(f"{example} needs {', '.join(missing)}: pip install '.[examples]' in a clone of the repository")
