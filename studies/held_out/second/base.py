"""The parts that the wrong GRUs share: a name, a kind, and small functions."""

from typing import Any

import ml_dtypes
import numpy as np

from conformance.interface.case import Case, each
from conformance.mutants.emulated import Emulated
from reference import Parameters

BF16 = np.dtype(ml_dtypes.bfloat16)


class Wrong(Emulated):
    """A right GRU with a name and a kind."""

    kind = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__name__


def padded(case: Case) -> bool:
    """True if the case has lengths or a mask."""
    return case.lengths is not None or case.mask is not None


def with_bias(p: Parameters, bias: np.ndarray) -> Parameters:
    """The same parameters with another bias."""
    return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)


def all_zero(arrays: Any) -> bool:
    """True if every array in nested tuples is 0."""
    found = []
    each(lambda a: found.append(not np.any(a)) or a, arrays)
    return all(found)


def through_bf16(a: np.ndarray) -> np.ndarray:
    """The numbers rounded to bfloat16, in their own format."""
    return a.astype(BF16).astype(a.dtype)


class Chunked(Wrong):
    """The scan of Emulated with two hooks: which input a step reads, and the state handed to it."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        backwards = case.reverse or direction == 1
        p = self.parameters(case, direction)
        h = start = self.start(case, direction)
        valid = self.valid(case, backwards)
        outputs = np.zeros((case.batch, case.time, case.units), case.dtype)
        order = list(self.order(case, backwards))
        for k, t in enumerate(order):
            counts = valid[:, t, None]
            h = self.handed_over(case, k, order, h, p, valid, backwards)
            h = self.select(counts, self.step(case.inputs[:, self.read(t)], h, p), h)
            outputs[:, t] = self.output(case, h, counts, start)
        return self.aligned(case, outputs, backwards), self.final(case, outputs, h)

    def handed_over(
        self, case: Case, k: int, order: list[int], h: np.ndarray, p: Parameters, valid: np.ndarray, backwards: bool
    ) -> np.ndarray:
        return h

    def read(self, t: int) -> int:
        return t
