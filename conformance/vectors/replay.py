"""Replay: judge a subject in its own process by the vectors' files alone.

The subject answers each vector in each of its formats; a vector that it does not support is declined, with the reason.
A question that crashes the process, or has no answer in time, costs this question only: a new process continues.

Answers are judged as everywhere in the suite: each step by its one-step bound from the subject's own states, final
states and masked outputs exactly, merges and gradients by their bounds. Vectors of clauses about calls, or about two
runs, also run their clause's check.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from conformance.adapters import load_apart
from conformance.adapters.worker import STARTING, Gone, Worker
from conformance.checks.check import Check, claim, each_step_is_right_masked_or_not
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.clauses.bidirectional import the_merge_is_the_one_asked_for
from conformance.checks.clauses.gradients import of_what_it_gives
from conformance.checks.judge import describe, judge_case
from conformance.checks.judgement import Judgement, ulps
from conformance.checks.runs import judge_gradients
from conformance.checks.verdict import DECLINED, ERROR, FAIL, Subject, Verdict
from conformance.diagnosis.blame import blamed
from conformance.interface.adapter import GRU, Capabilities, UsageError, ask, ask_gradients
from conformance.interface.case import Case, Outputs
from conformance.interface.type_guards import is_tuple
from conformance.vectors.files import stored
from conformance.vectors.vector import Stored, Vector

UNWIRED = "no closed form holds, so the adapter is to be looked at first, and there is no score; the first: "
RELATIONS = (
    "shape-and-dtype",
    "time-zero",
    "batch-zero",
    "inputs-unmodified",
    "calls-independent",
    "split",
    "rows-permuted",
    "units-permuted",
    "nan-propagated",
    "padding-appended",
    "time-reversed",
)
"""The clauses whose check requires more than one answer to the case."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A vector's name, its clause, and a format."""

    vector: str
    clause: str
    dtype: str


@dataclass(frozen=True, kw_only=True)
class Replayed(Verdict):
    """The verdict on one vector in one format."""

    vector: str


def replay(
    name: str, asked: Iterable[Question], *, time_limit: float, progress: Callable[[], None] = lambda: None
) -> Subject:
    """Judge a subject by these questions.

    Formats in which the subject is not judged are left out.
    A question without an answer in `time_limit` seconds is an error, and so is a question that ends the process. If no
    closed form holds, the report blames the adapter and gives no score.

    Args:
        name: A registered name or "module:attribute".
        asked: The questions.
        time_limit: Seconds for one answer.
        progress: Called at each answer.

    Returns:
        The report.
    """
    try:
        worker, report = _started(name, time_limit)
    except Gone as gone:
        return Subject(name=name, broken=str(gone))
    try:
        for question in asked:
            if question.dtype not in report.formats:
                progress()
                continue
            try:
                if worker.over:
                    worker, _ = _started(name, time_limit)
                worker.ask(question)
                verdict = worker.hear(time_limit)
            except Gone as gone:
                verdict = Replayed(**vars(question), kind=ERROR, cases=1, reason=str(gone))
            report.verdicts.append(verdict)
            progress()
    finally:
        worker.end()
    forms = [v for v in report.verdicts if v.clause == "closed-forms" and v.kind != DECLINED]
    if forms and all(v.kind in (FAIL, ERROR) for v in forms):
        report.broken = UNWIRED + forms[0].reason
    return report


def _started(name: str, time_limit: float) -> tuple[Worker, Subject]:
    """Start a subject's process and receive its description. Raises Gone if the process cannot answer."""
    worker, answer = Worker(_work, name), None
    try:
        answer = worker.hear(max(time_limit, STARTING))
    finally:
        if not isinstance(answer, Subject):
            worker.end()
    if isinstance(answer, Subject):
        return worker, answer
    raise Gone(str(answer), None)


def _work(name: str, pipe: Connection) -> None:
    """Describe the subject in its process, or send the reason for a failure; then answer questions until the process
    ends.
    """
    try:
        gru = load_apart(name)
    except UsageError as error:
        pipe.send(str(error))
        return
    vectors = stored()
    pipe.send(describe(name, gru))
    while True:
        question = pipe.recv()
        pipe.send(blamed(gru, judge_vector(gru, vectors[question.vector], question.dtype)))


def questions(vectors: Iterable[Vector]) -> Iterator[Question]:
    """All questions, the same for every subject."""
    for vector in vectors:
        for dtype in vector.dtypes:
            yield Question(vector=vector.name, clause=vector.clause, dtype=dtype)


def judge_vector(gru: GRU, golden: Stored, dtype: str) -> Replayed:
    """Judge one vector in one of its formats. If it has cotangents, judge the gradients."""
    case, cotangents = golden.vector.cast(dtype)
    verdict = judge_case(gru, _check(golden, cotangents), case)
    return Replayed(vector=golden.vector.name, **vars(verdict))


def _check(golden: Stored, cotangents: Outputs | None) -> Check:
    """A vector as a check with one case."""
    vector, truth = golden

    def examine(gru: GRU, case: Case) -> Judgement:
        if cotangents is not None:
            return _judge_gradients(gru, case, of_what_it_gives(gru, cotangents))
        return _judge_outputs(gru, case, vector.clause, Outputs(truth.outputs, truth.final_state))

    return Check(
        clause=vector.clause,
        examine=examine,
        options=lambda capabilities: {},
        needs=lambda capabilities: next(lacking(capabilities, vector), None),
        cotangents=None if cotangents is None else lambda gru, case: of_what_it_gives(gru, cotangents),
    )


def _judge_outputs(gru: GRU, case: Case, clause: str, truth: Outputs) -> Judgement:
    """Judge the answer to a vector's case, and run the check of its clause if that requires more."""
    judgement = BY_CLAUSE[clause].examine(gru, case) if clause in RELATIONS else Judgement()
    hidden = case.merge in ("sum", "mul", "ave")
    examine = the_merge_is_the_one_asked_for if hidden else each_step_is_right_masked_or_not
    judgement = judgement.add(examine(gru, case))
    if not judgement.findings:
        answer = ask(gru, case)
        shown = [pair for pair in zip(answer, truth, strict=True) if pair[0] is not None]
        judgement.ulps = max(_distance(computed, exact) for computed, exact in shown)
    return judgement


def _judge_gradients(gru: GRU, case: Case, cotangents: Outputs) -> Judgement:
    """Judge each gradient by its bound, which is 0 at a masked input."""
    return judge_gradients(case, cotangents, ask_gradients(gru, case, cotangents), claim(gru, case))


def lacking(capabilities: Capabilities, vector: Vector) -> Iterator[str]:
    """Capabilities that a vector needs and a subject does not declare: names of fields, or of their values."""
    case, two = vector.case, vector.case.merge is not None
    policies = capabilities.bidirectional_masked_outputs if two else capabilities.masked_outputs
    needed = {
        f"reset {case.reset}": case.reset in capabilities.resets,
        "initial_state": capabilities.initial_state or case.initial_state is None,
        "lengths": capabilities.lengths or case.lengths is None,
        "masks": capabilities.masks or case.mask is None,
        "zero_length": capabilities.zero_length or case.time == 0 or bool(case.valid.any(axis=1).all()),
        f"masked_outputs {case.masked_outputs}": case.masked_outputs in policies
        or bool(case.valid.all())
        or not capabilities.outputs,
        "reverse": capabilities.reverse or not case.reverse,
        f"merge {case.merge}": not two or case.merge in capabilities.merges,
        "zero_time": capabilities.zero_time or case.time > 0,
        "zero_batch": capabilities.zero_batch or case.batch > 0,
        "gradients": capabilities.gradients or vector.cotangents is None,
    }
    yield from (name for name, declared in needed.items() if not declared)
    beyond = BY_CLAUSE[vector.clause].needs(capabilities)
    if beyond is not None:
        yield beyond


def _distance(computed: Any, truth: Any) -> float:
    """The largest distance of an answer's part from the file's numbers, in units in the last place of 1 or of the
    number, if that is larger.
    """
    pairs = zip(computed, truth, strict=True) if is_tuple(truth) else [(computed, truth)]
    stored = [(part, exact, ~np.isnan(exact)) for part, exact in pairs]
    return max((float(ulps(part[there], exact[there]).max(initial=0)) for part, exact, there in stored), default=0.0)
