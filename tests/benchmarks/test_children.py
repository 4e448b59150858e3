"""Real processes are stopped while they have no question, named when they are gone, and ended with their parent."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import children
from benchmarks.children import TINY, Child, ChildError
from benchmarks.rows import Row

ROOT = Path(__file__).parent.parent.parent
ROW = Row("plain", "training", "before", (2, 5, 3, 4))
SUBJECT = "products:numpy"


def state(pid: int | None) -> str:
    """R, S, T (stopped), and so on; empty if there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else ""


def becomes(pid: int | None, wanted: tuple[str, ...]) -> bool:
    """True if a process reaches one of these states. A state that is never reached ends the test in half a minute."""
    end = time.monotonic() + 30
    while state(pid) not in wanted and time.monotonic() < end:
        time.sleep(0.01)
    return state(pid) in wanted


@pytest.fixture
def child():
    found = Child("numpy")
    yield found
    found.close()


def test_a_process_is_stopped_between_questions_and_answers_after(child):
    child.ask("start", SUBJECT, ROW._replace(shape=TINY))
    assert becomes(child.pid, ("T",))

    made = child.ask("make", SUBJECT, ROW)
    times = child.ask("times", SUBJECT, 3)

    assert made["answers"] is False
    assert made["first"] > 0
    assert len(times) == 3
    assert all(seconds > 0 for seconds in times)
    memory = child.ask("memory", SUBJECT, ROW, 2)
    assert memory["peak"] >= memory["before"] > 0


def test_an_error_in_a_process_is_reported_and_the_process_works_on(child):
    with pytest.raises(ChildError, match="numpy: KeyError"):
        child.ask("times", SUBJECT, 1)

    child.ask("make", SUBJECT, ROW)
    child.ask("forget")
    with pytest.raises(ChildError, match="numpy: KeyError"):
        child.ask("times", SUBJECT, 1)


@pytest.mark.parametrize("reaped", [False, True])
def test_a_process_that_is_gone_is_named(child, reaped):
    child.ask("forget")
    os.kill(child.pid, 9)
    if reaped:
        child._worker._process.join()

    with pytest.raises(ChildError, match="numpy, asked 'forget': the process ended with exit code -9"):
        child.ask("forget")


def test_a_process_that_does_not_answer_is_ended(child, monkeypatch):
    monkeypatch.setattr(children, "LIMIT", 0)

    with pytest.raises(ChildError, match="numpy, asked 'start': there was no answer for 0 s"):
        child.ask("start", SUBJECT, ROW)

    assert becomes(child.pid, ("", "Z"))


def test_a_stopped_process_does_not_outlive_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "from benchmarks.children import Child\n"
        "if __name__ == '__main__':\n"
        "    child = Child('numpy')\n"
        "    child.ask('forget')\n"
        "    print(child.pid, flush=True)\n"
        "    input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert becomes(pid, ("T",))
        parent.kill()

    assert becomes(pid, ("", "Z"))
