"""What runs in the processes that are started for a subject, run in this one, where each of its lines is seen."""

import os
import sys
from pathlib import Path

import pytest

from conformance.adapter import Capabilities
from conformance.emulated import Emulated
from conformance.identify import apart as identify_apart
from conformance.identify import identity
from conformance.vectors import apart as vectors_apart
from conformance.vectors.replay import Question
from conformance.verdict import PASS, Subject


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
    for module in (identify_apart, vectors_apart):
        monkeypatch.setattr(module, "in_a_group", lambda: None)
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    monkeypatch.setattr(os, "environ", os.environ.copy())
    kept = [os.dup(stream) for stream in (1, 2)]
    yield
    for stream, copy in zip((1, 2), kept, strict=True):
        os.dup2(copy, stream)
        os.close(copy)


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
    pipe = Pipe(Question(vector="closed-forms-kept-after", clause="closed-forms", dtype="float64"))
    with pytest.raises(EOFError):
        vectors_apart._serve("test_children:Talking", pipe)
    described, replayed = pipe.sent
    assert isinstance(described, Subject)
    assert (replayed.vector, replayed.kind) == ("closed-forms-kept-after", PASS)


@pytest.mark.usefixtures("child")
def test_vectors_for_a_subject_that_is_not_there_are_refused():
    pipe = Pipe()
    vectors_apart._serve("nothing", pipe)
    assert "neither a registered name nor module:attribute" in pipe.sent[0]
