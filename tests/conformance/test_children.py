"""The processes that are started for subjects: what a child runs (called here in the test's own process, so that it can
be seen), and how children end.
"""

import gc
import multiprocessing
import os
import struct
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from conformance import suite as isolation
from conformance.checks.verdict import ERROR, PASS, Diagnosis, Part, Subject
from conformance.diagnosis.identify import apart as identify_apart
from conformance.diagnosis.identify import identity
from conformance.interface.adapter import Capabilities
from conformance.mutants.emulated import Emulated
from conformance.vectors import apart as vectors_apart
from conformance.vectors.replay import Question

QUESTION = Question(vector="closed-forms-kept-after", clause="closed-forms", dtype="float64")


class Pipe:
    """The child's end: keeps what is sent, gives what was asked, and then says that nobody listens."""

    def __init__(self, *asked):
        self.asked, self.sent = list(asked), []

    def send(self, message):
        self.sent.append(message)

    def recv(self):
        if not self.asked:
            raise EOFError
        return self.asked.pop(0)


class Kernels(Emulated):
    """It says which kernels ran."""

    kernels = ("by hand",)


class Talking(Emulated):
    """It prints, past Python's own streams too, whenever it is asked what it can do."""

    @property
    def capabilities(self) -> Capabilities:
        """Those of any emulated GRU."""
        os.write(1, b"written past Python\n")
        return Emulated.capabilities


@pytest.fixture
def child(monkeypatch):
    """A process that may be treated as the child's: its streams and its environment come back."""
    for module in (isolation, identify_apart, vectors_apart):
        monkeypatch.setattr(module, "in_a_group", lambda: None)
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    monkeypatch.setattr(os, "environ", os.environ.copy())
    kept = [os.dup(stream) for stream in (1, 2)]
    yield
    for stream, copy in zip((1, 2), kept, strict=True):
        os.dup2(copy, stream)
        os.close(copy)


# What runs in them.


@pytest.mark.usefixtures("child")
def test_a_subject_is_judged_and_says_at_the_end_which_kernels_ran(tmp_path):
    pipe = Pipe()
    given = ("test_children:Kernels", ("float64",), "dev", ("closed-forms",), None, pipe, str(tmp_path / "log"))
    isolation._work(*given)
    described, verdict, again = pipe.sent
    assert (verdict.clause, verdict.dtype, verdict.kind) == ("closed-forms", "float64", PASS)
    assert described.kernels == again.kernels == ["by hand"]


def identified(name, log, monkeypatch, identify):
    monkeypatch.setattr(identity, "identify", identify)
    pipe = Pipe()
    identify_apart._work(name, {"a question": "it ended"}, pipe, str(log))
    return pipe.sent


@pytest.mark.usefixtures("child")
def test_a_black_box_is_asked_and_what_it_prints_goes_to_the_log(tmp_path, monkeypatch):
    def identify(gru, told, skip):
        assert skip == {"a question": "it ended"}
        assert gru.capabilities is Emulated.capabilities
        told("another")
        return "what was found"

    log = tmp_path / "log"
    sent = identified("test_children:Talking", log, monkeypatch, identify)
    assert sent == [("asked", "another"), ("found", "what was found")]
    assert "written past Python" in log.read_text()


@pytest.mark.usefixtures("child")
def test_what_identify_itself_raises_is_no_answer_of_the_subject(tmp_path, monkeypatch):
    def identify(*_):
        raise ZeroDivisionError("ours")

    sent = identified("reference", tmp_path / "log", monkeypatch, identify)
    assert sent == [("failed", "identify itself failed: ZeroDivisionError: ours")]


@pytest.mark.usefixtures("child")
def test_a_black_box_that_is_not_there_is_unusable(tmp_path, monkeypatch):
    ((kind, why),) = identified("nothing", tmp_path / "log", monkeypatch, None)
    assert kind == "unusable"
    assert "neither a registered name nor module:attribute" in why


@pytest.mark.usefixtures("child")
def test_vectors_are_judged_until_nobody_listens():
    pipe = Pipe(QUESTION)
    with pytest.raises(EOFError):
        vectors_apart._serve("test_children:Talking", pipe)
    described, replayed = pipe.sent
    assert isinstance(described, Subject)
    assert (replayed.vector, replayed.kind) == (QUESTION.vector, PASS)


@pytest.mark.usefixtures("child")
def test_vectors_for_a_subject_that_is_not_there_are_refused():
    pipe = Pipe()
    vectors_apart._serve("nothing", pipe)
    assert "neither a registered name nor module:attribute" in pipe.sent[0]


# How they end, and what is made of what they said.


@pytest.fixture
def importable(monkeypatch):
    """What is started finds the subjects of this file."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


class Interrupted(Emulated):
    """Its process ends in the middle of a message."""

    def run(self, case):
        for pipe in gc.get_objects():
            if type(pipe) is Connection:
                os.write(pipe.fileno(), struct.pack("!i", 100) + b"some of 100 bytes")
        os._exit(3)


def judged(name, log):
    (report,) = isolation.judge_apart((name,), "dev", ("closed-forms",), jobs=1, time_limit=300)
    return report.broken


def asked_for_its_conventions(name, log):
    return identify_apart._once(name, {}, 300, lambda what: None, log)[0]


def replayed(name, log):
    (verdict,) = vectors_apart.judge_apart(name, [QUESTION], time_limit=300).verdicts
    return verdict.reason


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("asked", [judged, asked_for_its_conventions, replayed])
def test_a_process_that_ends_in_the_middle_of_a_message_has_ended(asked, tmp_path):
    assert "the process ended with exit code 3" in asked("test_children:Interrupted", tmp_path / "log")


def test_where_the_suite_itself_stops_its_subjects_are_ended():
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        isolation.judge_apart(("reference",), "dev", ("closed-forms",), jobs=1, time_limit=300, progress=stop)
    assert multiprocessing.active_children() == []


def test_a_process_that_has_ended_is_not_waited_for_whoever_holds_its_pipe():
    ours, _theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
    with pytest.raises(EOFError):
        isolation.heard(ours, process, 300)


def test_a_question_without_an_answer_in_time_is_named(monkeypatch, tmp_path):
    told, heard = [], []

    def once(pipe, process, seconds):
        heard.append(seconds)
        return not told and isolation.heard(pipe, process, seconds)

    monkeypatch.setattr(identify_apart, "heard", once)
    why, last = identify_apart._once("reference", {}, 7, told.append, tmp_path / "log")
    assert why == "there was no answer for 7 s, so the process was stopped"
    assert [last] == told
    assert heard == [isolation.STARTING, 7]  # importing the subject is no question


class Fleeting(Emulated):
    """It ends its process when it is asked, and cannot be had a second time."""

    def __init__(self):
        if "FLEETING" in os.environ:
            raise ImportError("it was here before")

    def run(self, case):
        os._exit(3)


@pytest.mark.usefixtures("importable")
def test_a_subject_that_cannot_be_started_again_says_so_at_each_further_question(monkeypatch):
    asked = []

    def progress():
        asked.append(0)
        monkeypatch.setenv("FLEETING", "1")

    report = vectors_apart.judge_apart("test_children:Fleeting", [QUESTION] * 2, time_limit=300, progress=progress)
    first, second = report.verdicts
    assert (first.kind, second.kind, len(asked)) == (ERROR, ERROR, 2)
    assert "exit code 3" in first.reason
    assert "it was here before" in second.reason


def test_of_two_diagnoses_one_that_explains_stays():
    report = Subject(name="any")
    part = Part(name="any", sentence="It does.", fix="Do not.", link="")
    none, some = Diagnosis(), Diagnosis(explanations=[[part]])
    for said, kept in ((none, none), (some, some), (none, some)):
        isolation._take(report, said)
        assert report.diagnosis is kept
