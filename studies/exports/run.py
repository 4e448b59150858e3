"""Run many cells, each in a child process that may die, and keep the results, so that a later run can continue.

A child handles a group of cells, to import TensorFlow once. It names each cell before it begins, so that a cell which
ends the process is known. A line of the journal is valid for the code and the versions that made it.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from studies.exports.cells import WRONG, Cell
from studies.journal import entries

ROOT = Path(__file__).parent.parent.parent
GROUP = 24
"""The number of cells in one child."""
PATIENCE = 600
"""Seconds of silence after which a child is ended."""
PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "ai-edge-litert")
CHILD = "from studies.exports.run import child; child()"

Found = dict[str, Any]


def versions() -> dict[str, str]:
    """The versions of the exporters and runtimes."""
    return {name: metadata.version(name) for name in PACKAGES}


def code() -> str:
    """The digest of the exported code and of the code that judges it here."""
    files = sorted([*(ROOT / "tf_gru").rglob("*.py"), *(ROOT / "studies/exports").glob("*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def kept(journal: Path) -> dict[str, Found]:
    """The journal's results for this code and these versions, by cell key."""
    now = (code(), versions())
    return {
        entry["cell"]: entry["found"] for entry in entries(journal) if (entry.get("code"), entry.get("versions")) == now
    }


def run(cells: Sequence[Cell], journal: Path, processes: int) -> Iterator[tuple[Cell, Found]]:
    """Yield the result of each cell when it is ready, those in the journal first."""
    there = kept(journal)
    yield from ((cell, there[cell.key]) for cell in cells if cell.key in there)
    left = [cell for cell in cells if cell.key not in there]
    groups = [left[start : start + GROUP] for start in range(0, len(left), GROUP)]
    stamp = {"code": code(), "versions": versions()}
    answers: SimpleQueue[tuple[Cell, Found]] = SimpleQueue()
    with ThreadPoolExecutor(processes) as pool:
        for group in groups:
            pool.submit(_group, group, answers)
        for _ in left:
            cell, found = answers.get()
            with journal.open("a") as file:
                file.write(f"\n{json.dumps({**stamp, 'cell': cell.key, 'found': found})}\n")
            yield cell, found


def _group(cells: list[Cell], answers: SimpleQueue[tuple[Cell, Found]]) -> None:
    """Run a group of cells in as many children as necessary."""
    while cells:
        cells = cells[_one_child(cells, answers) :]


def _one_child(cells: list[Cell], answers: SimpleQueue[tuple[Cell, Found]]) -> int:
    """Receive a child's results until it ends; the cell at which it died counts as the last. Returns the number of
    cells.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}
    answer, question = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(cells), str(question)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[question], env=environment, cwd=ROOT,
    ) as child:  # fmt: skip
        os.close(question)
        count = 0
        with open(answer) as lines:
            for line in lines:
                answers.put((cells[count], json.loads(line)))
                count += 1
        code = child.wait()
    if count < len(cells):
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
        answers.put((cells[count], {"kind": WRONG, "text": f"the process ended with {ended}"}))
        count += 1
    return count


def child() -> None:
    """Examine the cells in the first argument, and write a line of JSON for each finished cell to the second."""
    signal.alarm(PATIENCE)
    from studies.exports.examine import examined

    with os.fdopen(int(sys.argv[2]), "w") as answers:
        for values in json.loads(sys.argv[1]):
            signal.alarm(PATIENCE)
            answers.write(json.dumps(examined(Cell(*values))) + "\n")
            answers.flush()
