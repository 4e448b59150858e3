"""Programs as subjects: an honest one is judged as any GRU; one that breaks loses this case, with the reason."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.adapters import load
from conformance.adapters.process.lines import Broken, Lines
from conformance.adapters.process.subject import Process, from_name, named
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge, judge_case, verdicts
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS
from conformance.interface.adapter import Declined, SubjectError, UsageError, ask
from conformance.interface.case import Case
from conformance.vectors.drawing import Numbers
from tests.conformance.profiles import OWN, OWN_OR_ALL

HERE = Path(__file__).parent
PROGRAM = HERE / "programs.py"
OF_THIS_FILE = f"import sys; sys.path += [{str(HERE)!r}, {str(HERE.parents[1])!r}]; from test_process import *"
"""Code that makes this file's names importable in a child."""
LIMIT = 1.0


def program(how: str, *more: str, seconds: float = LIMIT) -> Process:
    return Process((sys.executable, str(PROGRAM), how, *more), seconds=seconds, starting=5)


def case(lengths: list[int] | None = None, units: int = 4) -> Case:
    draw = Numbers(0, dtype="float64")
    return Case(
        inputs=draw.inputs((2, 3, 5)),
        parameters=(draw.parameters(5, units, "after"),),
        initial_state=(draw.states((2, units)),),
        lengths=None if lengths is None else np.array(lengths),
    )


PLAIN, PADDED = case(), case([3, 1])


@pytest.fixture(scope="module")
def honest():
    return program("honest", seconds=30)


@OWN_OR_ALL
@pytest.mark.parametrize("clause", ["closed-forms", "step-after", "lengths", "calls-independent"])
def test_an_honest_program_passes(honest, clause, profile):
    assert judge(honest, BY_CLAUSE[clause], "float64", profile).kind == PASS


VALUES = ("gradients", "gradients-masked", "gradients-bidirectional")
OF_GRADIENTS = (*VALUES, "masked-gradient", "padding-gradient", "merge")


@OWN_OR_ALL
@pytest.mark.parametrize("factor", ["1", "1.01"])
def test_gradients_and_two_directions_travel_as_well(factor, profile):
    there = Process((sys.executable, str(HERE / "gradient_program.py"), factor), seconds=30)
    found = {clause: judge(there, BY_CLAUSE[clause], "float64", profile) for clause in OF_GRADIENTS}
    there.end()
    wrong = VALUES if factor != "1" else ()
    assert {clause: each.kind for clause, each in found.items()} == {
        clause: FAIL if clause in wrong else PASS for clause in OF_GRADIENTS
    }


def test_an_undeclared_case_is_declined_for_its_reason(honest):
    assert judge(honest, BY_CLAUSE["masks"], "float64", PROFILES["dev"]).kind == DECLINED
    verdict = judge(honest, BY_CLAUSE["lengths"], "float32", PROFILES["dev"])
    assert verdict.reason == "does not declare float32: Python's numbers are float64"


WRONG = {
    "crashes": "ended with exit code 3; the last it printed: something fell over",
    "hangs": "there was no answer for 1 s, so it was stopped",
    "trickles": "there was no answer for 1 s, so it was stopped",
    "floods": "it said more than",
    "complains without end": "there was no answer for 1 s, so it was stopped; the last it printed: ",
    "closes its output": "it closed its output and went on",
    "babbles": "answered something that is not JSON: 'Hello, world",
    "nests": "answered something that is not JSON",
    "says a list": "must answer an object whose kind is one of result, declined, error",
    "another's id": "answered question 2, but was asked question 1",
    "NaN as JSON has it not": 'write "NaN", "Infinity" or "-Infinity" as a string',
    "too few values": "outputs has 23 values, but its shape [2, 3, 4]",
    "another shape": "outputs has shape (4, 3, 2), but must have (2, 3, 4)",
    "a key too much": "'note' was unexpected",
    "no final state": "'final_state' is a required property",
    "a word": "$.final_state",
    "out of range": "outputs.values[0] is above the largest float64 number",
    "errs": "answered with an error: out of memory",
}


@pytest.mark.parametrize("how", WRONG)
def test_a_program_that_breaks_loses_that_case_and_gets_the_next(how):
    wrong = program(how)
    with pytest.raises(SubjectError) as caught:
        ask(wrong, PADDED)
    assert WRONG[how] in str(caught.value)
    assert judge_case(wrong, BY_CLAUSE["step-after"], PLAIN).kind == PASS
    wrong.end()


def test_output_after_the_answer_is_no_answer_to_the_next():
    wrong = program("answers twice")
    ask(wrong, PADDED)
    with pytest.raises(SubjectError, match=r"before any question|answered question 1, but was asked question 2"):
        ask(wrong, PLAIN)
    assert judge_case(wrong, BY_CLAUSE["step-after"], PLAIN).kind == PASS


def test_nan_is_an_answer_and_a_wrong_one():
    assert judge_case(program("NaN"), BY_CLAUSE["lengths"], PADDED).kind == FAIL


def test_wrong_shapes_fail_the_clause_of_shapes():
    assert judge_case(program("another shape"), BY_CLAUSE["shape-and-dtype"], PADDED).kind == FAIL


def test_a_case_that_a_program_declines_is_declined_with_its_reason_and_link():
    some = program("declines")
    with pytest.raises(Declined):
        ask(some, PADDED)
    for verdict in (
        judge(some, BY_CLAUSE["lengths"], "float64", PROFILES["dev"]),
        judge_case(some, BY_CLAUSE["lengths"], PADDED),
    ):
        assert (verdict.kind, verdict.reason) == (DECLINED, "no lengths today (https://example.org/1)")


def test_a_case_declined_hides_no_case_that_fails():
    wrong = load("conformance.mutants:gates_swapped")

    class Some:
        capabilities = wrong.capabilities
        asked = 0

        def run(self, case):
            self.asked += 1
            if self.asked == 1:
                raise Declined("not the first")
            return wrong.run(case)

    assert judge(Some(), BY_CLAUSE["step-after"], "float32", PROFILES["dev"], shrink=False).kind == FAIL


@pytest.mark.parametrize("how", ["honest", "complains at first"])
def test_no_pipe_that_is_full_stops_the_talk(how):
    """The question has a megabyte, the answer over 64 KiB, and error output fills its pipe before anything is read."""
    draw = Numbers(1, dtype="float64", bits=40)
    large = Case(inputs=draw.inputs((40, 40, 40)), parameters=(draw.parameters(40, 3, "after"),))
    answer = ask(program(how, seconds=30), large)
    assert np.array_equal(answer.outputs[:, -1], answer.final_state)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("version 2", "speaks version 2 of the protocol, but this suite speaks 1"),
        ("claims nonsense", "'about right' is not one of"),
        ("ends at once", "ended with exit code 1; the last it printed: no licence"),
        ("errs at start", "wrong phase of the moon"),
    ],
)
def test_a_program_that_does_not_start_is_a_usage_error(how, message):
    with pytest.raises(UsageError) as caught:
        program(how)
    assert message in str(caught.value)


def test_a_program_that_never_declares_itself_is_a_usage_error():
    with pytest.raises(UsageError, match=r"no answer for 0\.5 s"):
        Process((sys.executable, str(PROGRAM), "never starts"), starting=0.5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("process:", "there is no command"),
        ("process@0:true", "there is no time"),
        ("process:'", "check its quotes"),
        ("process:no-such-program-here", "install it, or write its path"),
        ("process:/etc/passwd", "no program"),
        ("process:cat", "must answer an object whose kind is one of started, error"),
        ("process:true", "ended with exit code 0"),
    ],
)
def test_a_command_that_is_none_is_a_usage_error(name, message):
    with pytest.raises(UsageError) as caught:
        load(name)
    assert message in str(caught.value)


def test_a_name_without_its_prefix_is_a_usage_error():
    with pytest.raises(UsageError, match="'cat' names no program; expected process:COMMAND"):
        from_name("cat")


def test_a_program_that_says_something_else_when_it_is_started_again_loses_its_cases():
    changes = program("changes", seconds=5)
    assert changes.run(PLAIN).final_state.shape == (2, 4)
    changes.end()
    for _ in range(2):
        with pytest.raises(SubjectError, match="started again, it says something else of itself than before"):
            changes.run(PLAIN)


def test_a_question_goes_on_where_the_pipe_takes_none_of_it_at_once(monkeypatch):
    written = os.write
    times = iter([True, False])

    def busy(descriptor: int, data: bytes) -> int:
        if next(times, False):
            raise BlockingIOError
        return written(descriptor, data)

    echo = Lines((sys.executable, "-c", "print(input())"), b"")
    monkeypatch.setattr(os, "write", busy)
    assert echo.ask(b"are you there", seconds=5, limit=100) == b"are you there"


def test_a_programs_answer_counts_even_if_it_does_not_read_the_question():
    deaf = Lines((sys.executable, "-c", "import os; os.close(0); print('answer', flush=True); input()"), b"")
    assert deaf.ask(bytes(1 << 20), seconds=5, limit=100) == b"answer"


def test_two_answers_at_once_are_one_too_many():
    said = Lines((sys.executable, "-c", "import os; input(); os.write(1, b'answer\\nanother\\n'); input()"), b"")
    assert said.ask(b"once", seconds=30, limit=100) == b"answer"
    with pytest.raises(Broken, match="before any question: 'another"):
        said.ask(b"twice", seconds=30, limit=100)


@pytest.mark.parametrize("seconds", [0.5, 1, 999999.5, 1e6, 2**-20, 1e22])
def test_a_limit_travels_in_the_name(seconds):
    found = from_name(named(shlex.join((sys.executable, str(PROGRAM), "honest")), seconds))
    assert (found.seconds, found.command[-1]) == (seconds, "honest")


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(alive, pids))


def test_a_program_that_is_stopped_takes_all_it_started_with_it(tmp_path):
    with pytest.raises(SubjectError, match="so it was stopped"):
        ask(program("leaves a child", str(tmp_path / "pids")), PADDED)
    pids = list(map(int, (tmp_path / "pids").read_text().split()))
    assert len(pids) == 2 and gone(pids)


def test_a_program_gets_a_stop_message_when_the_suite_ends(tmp_path):
    program("says goodbye", str(tmp_path / "first")).end()
    code = f"{OF_THIS_FILE}; left_open = program('says goodbye', sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "second")], check=True)
    assert [(tmp_path / name).read_text() for name in ("first", "second")] == ["stopped", "stopped"]


def test_a_program_that_does_not_stop_is_stopped():
    stubborn = program("does not stop")
    process = stubborn._lines._process
    stubborn.end()
    assert process.poll() is not None


def test_a_program_does_not_outlive_a_suite_that_is_killed(tmp_path):
    file = tmp_path / "pids"
    code = f"{OF_THIS_FILE}; ask(program('leaves a child', sys.argv[1], seconds=600), PADDED)"
    suite = subprocess.Popen([sys.executable, "-c", code, str(file)])
    until = time.monotonic() + 30
    while not (file.exists() and len(file.read_text().split()) == 2) and time.monotonic() < until:
        time.sleep(0.02)
    pids = list(map(int, file.read_text().split()))
    assert all(map(alive, pids))
    suite.send_signal(signal.SIGKILL)
    suite.wait()
    assert gone(pids)


@pytest.mark.parametrize("how", ["crashes", "floods", "says a list"])
def test_a_run_goes_on_after_a_program_broke(how):
    checks = tuple(BY_CLAUSE[clause] for clause in ("step-after", "lengths", "split"))
    found = {v.clause: v.kind for v in verdicts(program(how), OWN, checks, shrink=False) if v.dtype == "float64"}
    assert found == {"step-after": PASS, "lengths": ERROR, "split": PASS}


@pytest.mark.parametrize("command", ["diagnose", "probe"])
def test_a_program_that_is_not_there_is_a_usage_error_of_a_command(command):
    done = CliRunner().invoke(main, [command, "--process", "no-such-program-here"])
    assert done.exit_code == 2
    assert "install it, or write its path" in done.output


@pytest.mark.parametrize("command", ["run", "identify", "probe", "diagnose", "vectors replay"])
def test_a_command_without_a_subject_says_that_a_program_may_be_given(command):
    nothing = CliRunner().invoke(main, command.split())
    assert nothing.exit_code == 2 and "or --process COMMAND" in nothing.output


@pytest.mark.parametrize("command", ["diagnose", "vectors replay"])
def test_two_subjects_in_place_of_one_are_a_usage_error(command):
    two = CliRunner().invoke(main, [*command.split(), "reference", "--process", "true"])
    assert two.exit_code == 2 and "got 2 subjects" in two.output


def test_a_program_is_diagnosed():
    """It declares lengths but answers none, which no convention would explain."""
    done = CliRunner().invoke(main, ["diagnose", "--process", shlex.join((sys.executable, str(PROGRAM), "errs"))])
    assert done.exit_code == 1
    assert "answered with an error: out of memory" in done.output
