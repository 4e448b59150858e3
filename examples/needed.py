"""What an example needs, asked for before it imports any of it: this module imports the standard library alone."""

import sys
from importlib.util import find_spec
from pathlib import Path


def needs(file: str, *packages: str) -> None:
    """Exit code 1 where one of these is not installed, this repository's own among them, with what installs it."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        example = f"examples/{Path(file).name}"
        sys.exit(f"{example} needs {', '.join(missing)}: pip install '.[examples]' in a clone of the repository")
