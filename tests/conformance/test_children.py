"""The processes of subjects: their work (called here in the test's own process, to make it visible), and their end."""

import gc
import multiprocessing
import os
import struct
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from conformance import suite
from conformance.adapters import worker
from conformance.adapters.worker import Gone, Worker
from conformance.checks.verdict import ERROR, PASS, Diagnosis, Part, Subject
from conformance.diagnosis.identify import identity
from conformance.mutants.emulated import Emulated
from conformance.vectors import replay as vectors
from conformance.vectors.replay import Question

QUESTION = Question(vector="closed-forms-kept-after", clause="closed-forms", dtype="float64")


class Pipe:
    """The process's end of a pipe: it stores sent messages, returns prepared questions, and then reports a closed
    pipe.
    """

    def __init__(self, *asked):
        self.asked, self.sent = list(asked), []

    def send(self, message):
        self.sent.append(message)

    def recv(self):
        if not self.asked:
            raise EOFError
        return self.asked.pop(0)


class Kernels(Emulated):
    """A subject that names the kernels that ran."""

    kernels = ("by hand",)


@pytest.fixture
def importable(monkeypatch):
    """Let started processes import the subjects and functions of this file."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


# The work of a process.


@pytest.mark.usefixtures("importable")
def test_a_subject_is_judged_and_says_at_the_end_which_kernels_ran():
    pipe = Pipe()
    suite._work("test_children:Kernels", [("closed-forms", "float64")], "dev", None, False, pipe)
    described, verdict, again = pipe.sent
    assert (verdict.clause, verdict.dtype, verdict.kind) == ("closed-forms", "float64", PASS)
    assert described.kernels == again.kernels == ["by hand"]


def identified(name, monkeypatch, identify):
    monkeypatch.setattr(identity, "identify", identify)
    pipe = Pipe()
    identity._work(name, {"a question": "it ended"}, pipe)
    return pipe.sent


@pytest.mark.usefixtures("importable")
def test_a_black_box_answers_question_by_question(monkeypatch):
    def identify(gru, tell, skip):
        assert skip == {"a question": "it ended"}
        assert gru.capabilities is Emulated.capabilities
        tell("another")
        return "all that is found"

    sent = identified("test_children:Kernels", monkeypatch, identify)
    assert sent == [("asked", "another"), ("found", "all that is found")]


def test_an_error_of_identify_itself_is_no_answer_of_the_subject(monkeypatch):
    def identify(*_):
        raise ZeroDivisionError("ours")

    sent = identified("reference", monkeypatch, identify)
    assert sent == [("failed", "identify itself failed: ZeroDivisionError: ours")]


def test_a_black_box_that_is_not_there_is_unusable(monkeypatch):
    ((kind, why),) = identified("nothing", monkeypatch, None)
    assert kind == "failed"
    assert "neither a registered name nor module:attribute" in why


@pytest.mark.usefixtures("importable")
def test_vectors_are_judged_until_nobody_listens():
    pipe = Pipe(QUESTION)
    with pytest.raises(EOFError):
        vectors._work("test_children:Kernels", pipe)
    described, replayed = pipe.sent
    assert isinstance(described, Subject)
    assert (replayed.vector, replayed.kind) == (QUESTION.vector, PASS)


def test_vectors_for_a_subject_that_is_not_there_are_refused():
    pipe = Pipe()
    vectors._work("nothing", pipe)
    assert "neither a registered name nor module:attribute" in pipe.sent[0]


# The end of a process, and the evaluation of its messages.


def deaf(pipe):
    """Start a process that inherits all files, print, close the pipe, and go on."""
    os.write(1, b"past Python\x1b[2J")
    pipe.close()
    time.sleep(600)


def leaves(pipe):
    """End while a process that it started lives in the same group with the same pipe."""
    child = os.fork()
    if child:
        pipe.send((child, "\x00", {"of it": ["\x1b"]}))
        os._exit(0)
    time.sleep(600)


def alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.usefixtures("importable")
def test_a_process_that_closes_its_pipe_and_goes_on_is_ended():
    """The message contains its output, without terminal commands."""
    started = Worker(deaf)
    with pytest.raises(
        Gone, match="it closed its pipe and went on, so it was stopped; the last it printed: past"
    ) as of:
        started.hear(2)
    assert str(of.value).endswith(r"past Python\x1b[2J")
    assert of.value.code is None
    assert started.over and multiprocessing.active_children() == []
    with pytest.raises(Gone, match="ended before"):
        started.hear(2)


@pytest.mark.usefixtures("importable")
def test_a_process_ends_with_its_children_even_if_another_process_holds_its_pipe():
    """All texts of a message are printable, wherever they are in it."""
    started = Worker(leaves)
    child, *texts = started.hear(300)
    assert texts == [r"\x00", {"of it": [r"\x1b"]}]
    assert alive(child)
    with pytest.raises(Gone, match="the process ended with exit code 0"):
        started.hear(300)
    until = time.monotonic() + 30
    while alive(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(child)


class Interrupted(Emulated):
    """A worker whose process ends in the middle of a message."""

    def run(self, case):
        for pipe in gc.get_objects():
            if type(pipe) is Connection:
                os.write(pipe.fileno(), struct.pack("!i", 100) + b"some of 100 bytes")
        os._exit(3)


def judged(name):
    (report,) = suite.judge_apart((name,), "dev", ("closed-forms",), jobs=1, time_limit=300)
    return report.broken


def replayed(name):
    (verdict,) = vectors.replay(name, [QUESTION], time_limit=300).verdicts
    return verdict.reason


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("asked", [judged, replayed])
def test_a_process_that_ends_in_the_middle_of_a_message_has_ended(asked):
    assert "the process ended with exit code 3" in asked("test_children:Interrupted")


def test_where_the_suite_itself_stops_its_subjects_are_ended():
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suite.judge_apart(("reference",), "dev", ("closed-forms",), jobs=1, time_limit=300, progress=stop)
    assert multiprocessing.active_children() == []


def test_a_question_without_an_answer_in_time_is_named(monkeypatch):
    """The time to import the subject does not count."""
    limits, hear = [], Worker.hear

    def once(self, seconds):
        limits.append(seconds)
        return hear(self, seconds if len(limits) == 1 else 0)

    monkeypatch.setattr(Worker, "hear", once)
    told = []
    with pytest.raises(identity.Unidentified, match="there was no answer for 0 s, so it was stopped"):
        identity.identify_in_a_process("reference", 7, told.append)
    assert limits[:2] == [worker.STARTING, 7]
    assert len(told) == 1


GONE = "a folder that is nowhere"
"""Started processes find it in their path."""


class Fleeting(Emulated):
    """A subject that ends its process when it is called, and cannot be loaded a second time."""

    def __init__(self):
        if GONE in sys.path:
            raise ImportError("it was here before")

    def run(self, case):
        os._exit(3)


@pytest.mark.usefixtures("importable")
def test_a_subject_that_cannot_be_started_again_says_so_at_each_further_question(monkeypatch):
    asked = []

    def progress():
        asked.append(0)
        monkeypatch.syspath_prepend(GONE)

    report = vectors.replay("test_children:Fleeting", [QUESTION] * 2, time_limit=300, progress=progress)
    first, second = report.verdicts
    assert (first.kind, second.kind, len(asked)) == (ERROR, ERROR, 2)
    assert "exit code 3" in first.reason
    assert "it was here before" in second.reason


def test_of_two_diagnoses_one_that_explains_stays():
    report = Subject(name="any")
    part = Part(name="any", sentence="It does.", fix="Do not.", link="")
    none, some = Diagnosis(), Diagnosis(explanations=[[part]])
    for said, kept in ((none, none), (some, some), (none, some)):
        suite._take(report, said)
        assert report.diagnosis is kept
