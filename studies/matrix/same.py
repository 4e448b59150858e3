"""Skip subjects that need no judging: if every answer has the bits of the honest one, so has the verdict.

A verdict follows from the answers and the declaration. This includes the cases, because each is drawn from the seed and
the previous margins. Therefore the questions to the honest GRU are repeated in order. If each answer is the same bit
for bit, and no question was modified, the verdict is the same. This is exact, and far cheaper than the bounds.
"""

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs
from conformance.interface.type_guards import is_tuple
from conformance.mutants.emulated import Emulated


@dataclass(frozen=True)
class Question:
    """A question: a case, with cotangents for gradients; and the fingerprints around it."""

    case: Case
    cotangents: Outputs | None
    asked: bytes
    answer: bytes


@dataclass
class Recorded:
    """The honest GRU, and every question that it answered. Its answers are fingerprints."""

    honest: Emulated = field(default_factory=Emulated)
    questions: list[Question] = field(default_factory=list[Question])
    at_once: bool = False

    @property
    def capabilities(self):
        """The capabilities of the honest GRU."""
        return self.honest.capabilities

    def run(self, case: Case) -> Outputs:
        """Record and return the honest answer."""
        return self._noted(case, None)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Record and return the honest gradients."""
        return self._noted(case, cotangents)

    def _noted(self, case: Case, cotangents: Outputs | None) -> Any:
        self.at_once |= threading.current_thread() is not threading.main_thread()
        kept, asked = (case.copy(), _copied(cotangents)), _question(case, cotangents)
        answer = _answer(self.honest, case, cotangents)
        self.questions.append(Question(*kept, asked, fingerprint(answer)))
        return answer

    def same(self, gru: Emulated) -> bool:
        """True if a subject gives all answers with the same bits, declares the same, and leaves questions unchanged.

        False if several threads asked the questions: one after the other they are different questions.
        """
        if gru.capabilities != self.capabilities or self.at_once:
            return False
        answers: list[Any] = []
        for question in self.questions:
            case, cotangents = question.case.copy(), _copied(question.cotangents)
            try:
                answer = _answer(gru, case, cotangents)
            except (Exception, SystemExit):
                return False
            if fingerprint(answer) != question.answer or _question(case, cotangents) != question.asked:
                return False
            answers.append(answer)
        # Compare again, because a later call may have changed an earlier answer.
        return all(fingerprint(one) == question.answer for one, question in zip(answers, self.questions, strict=True))


def _answer(gru: Emulated, case: Case, cotangents: Outputs | None) -> Any:
    return gru.run(case) if cotangents is None else gru.gradients(case, cotangents)


def _question(case: Case, cotangents: Outputs | None) -> bytes:
    return fingerprint((case.inputs, case.initial_state, case.lengths, case.mask, cotangents))


def _copied(value: Any) -> Any:
    if is_tuple(value):
        parts = [_copied(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value if value is None else value.copy()


def fingerprint(value: Any) -> bytes:
    """A hash of arrays in tuples: kinds, formats, shapes and bits."""
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.digest()


def _add(digest: Any, value: Any) -> None:
    if is_tuple(value):
        digest.update(f"tuple {len(value)} ".encode())
        for part in value:
            _add(digest, part)
    elif type(value) is np.ndarray:
        digest.update(f"array {value.dtype.str} {value.shape} ".encode() + value.tobytes())
    else:
        digest.update(f"{type(value).__name__} {value!r} ".encode())
