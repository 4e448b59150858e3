"""Whether a subject meets a weaker arithmetic step by step: two plain runs are judged before a diagnosis says so.

The bound about a hypothesis's whole run (running_error.py) is wide in a narrow arithmetic: wide enough for a wrong
formula. Here each step is judged by the proven bound from the state that the subject itself had, and all of them by the
statistical rules; and where the states are said to be of a narrower format, each shown one has to be a number of it.
"""

from collections.abc import Sequence

import numpy as np

from conformance.diagnosis.grades import meets
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case
from conformance.interface.strategies import DISTINCT, WIDE, Numbers

SIZES = (DISTINCT, WIDE)


def met(gru: GRU, dtype: str, reset: str, classes: Sequence[Arithmetic]) -> tuple[Arithmetic, ...]:
    """Those of some classes that the subject meets in every plain run; none where a run has no answer."""
    try:
        runs = [(case, ask(gru, case)) for case in (plain(dtype, reset, size) for size in SIZES)]
    except SubjectError:
        return ()
    arrays: list[np.ndarray] = [part for _, answer in runs for part in answer if isinstance(part, np.ndarray)]

    def holds_all(weak: Arithmetic) -> bool:
        return all(np.array_equal(part, rounded(part, weak)) for part in arrays)

    return tuple(weak for weak in classes if holds_all(weak) and meets(runs, weak) is not None)


def plain(dtype: str, reset: str, size: tuple[int, int, int, int]) -> Case:
    """One direction, every step valid, from zeros; numbers of ordinary size. size: batch, time, input_dim, units."""
    batch, time, input_dim, units = size
    numbers = Numbers(np.random.default_rng(units), dtype, FORMATS[dtype].precision, "plain")
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)), parameters=(numbers.parameters(input_dim, units, reset),)
    )


def rounded(shown: np.ndarray, weak: Arithmetic) -> np.ndarray:
    """The nearest numbers of the format in which a class shows its states, where that is narrower than the array's."""
    significant, exponent = np.frexp(shown.astype(np.float64))
    scale = 2.0**weak.output_format.precision
    return np.ldexp(np.rint(significant * scale) / scale, exponent)
