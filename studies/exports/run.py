"""Many cells, each in a child process that may die of it; what was found is kept, so that a run can go on later.

A child takes a group of cells, to import TensorFlow once. It names each cell before it begins, so a cell that ends the
process is known. A line of the journal counts for the code and the versions that it was made with.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib import metadata
from pathlib import Path
from typing import Any

from studies.exports.cells import Cell

ROOT = Path(__file__).parent.parent.parent
GROUP = 24
"""Cells in one child."""
PATIENCE = 240
"""Seconds without a word after which a child is ended."""
PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "ai-edge-litert")
CHILD = "from studies.exports.run import child; child()"

Found = dict[str, Any]


def versions() -> dict[str, str]:
    """Of what exports and runs."""
    return {name: metadata.version(name) for name in PACKAGES}


def code() -> str:
    """The digest of what is exported and of what judges it here."""
    files = sorted([*(ROOT / "tf_gru").rglob("*.py"), *(ROOT / "studies/exports").glob("*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def kept(journal: Path) -> dict[str, Found]:
    """By the cells' keys, what the journal has of this code and these versions. Broken lines are passed over."""
    found = {}
    for line in journal.read_text(errors="replace").splitlines() if journal.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if (entry.get("code"), entry.get("versions")) == (code(), versions()):
            found[entry["cell"]] = entry["found"]
    return found


def run(cells: Sequence[Cell], journal: Path, processes: int) -> Iterator[tuple[Cell, Found]]:
    """What is found of each cell, as it comes; those in the journal first."""
    there = kept(journal)
    yield from ((cell, there[cell.key]) for cell in cells if cell.key in there)
    left = [cell for cell in cells if cell.key not in there]
    groups = [left[start : start + GROUP] for start in range(0, len(left), GROUP)]
    stamp = {"code": code(), "versions": versions()}
    with ThreadPoolExecutor(processes) as pool:
        for future in as_completed([pool.submit(_group, group) for group in groups]):
            for cell, found in future.result():
                with journal.open("a") as file:
                    file.write(f"\n{json.dumps({**stamp, 'cell': cell.key, 'found': found})}\n")
                yield cell, found


def _group(cells: list[Cell]) -> list[tuple[Cell, Found]]:
    """As many children as it takes."""
    done: list[tuple[Cell, Found]] = []
    while len(done) < len(cells):
        done += _one_child(cells[len(done) :])
    return done


def _one_child(cells: list[Cell]) -> list[tuple[Cell, Found]]:
    """What a child said until it ended; the cell that it died of is the last one."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}
    answer, question = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        pass_fds=[question], env={**environment, "ANSWERS": str(question)}, text=True, cwd=ROOT,
    )  # fmt: skip
    os.close(question)
    errors = ThreadPoolExecutor(1)
    said = errors.submit(child.stderr.read)  # pyright: ignore[reportOptionalMemberAccess]
    child.stdin.write(json.dumps(cells))  # pyright: ignore[reportOptionalMemberAccess]
    child.stdin.close()  # pyright: ignore[reportOptionalMemberAccess]
    found = []
    with open(answer) as answers:
        found += [(cells[place], json.loads(line)) for place, line in enumerate(answers)]
    code = child.wait()
    errors.shutdown()
    if len(found) < len(cells):
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
        last = (said.result().strip().splitlines() or [""])[-1][:200]
        found.append((cells[len(found)], {"kind": "wrong", "text": f"the process ended with {ended} {last}".strip()}))
    return found


def child() -> None:
    """Examine the cells that standard input names; a line of JSON for each, as it is done."""
    cells = [Cell(*values) for values in json.load(sys.stdin)]
    answers = os.fdopen(int(os.environ["ANSWERS"]), "w")
    signal.alarm(PATIENCE)
    from studies.exports.examine import examined

    for cell in cells:
        signal.alarm(PATIENCE)
        answers.write(json.dumps(examined(cell)) + "\n")
        answers.flush()
