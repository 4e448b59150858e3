"""Whether a subject meets a weaker arithmetic step by step: two plain runs are judged before a diagnosis says so.

The bound about a hypothesis's whole run (near.py) is wide in a narrow arithmetic: wide enough for a wrong formula. Here
each step is judged by the proven bound from the state that the subject itself had, and all of them by the statistical
rules; and where the states are said to be of a narrower format, each shown one has to be a number of it.
"""

from collections.abc import Sequence

import numpy as np

from conformance.adapter import GRU, SubjectError, ask
from conformance.arithmetic import FORMATS, Arithmetic
from conformance.case import Case, Outputs
from conformance.strategies import DISTINCT, WIDE, Numbers
from conformance.whole_runs import judge_run

SIZES = (DISTINCT, WIDE)


def met(gru: GRU, dtype: str, reset: str, classes: Sequence[Arithmetic]) -> tuple[Arithmetic, ...]:
    """Those of some classes that the subject meets in every plain run; none where a run has no answer."""
    try:
        runs = [(case, ask(gru, case)) for case in (plain(dtype, reset, size) for size in SIZES)]
    except SubjectError:
        return ()
    return tuple(weak for weak in classes if all(meets(case, answer, weak) for case, answer in runs))


def plain(dtype: str, reset: str, size: tuple[int, int, int, int]) -> Case:
    """One direction, every step valid, from zeros; numbers of ordinary size. size: batch, time, input_dim, units."""
    batch, time, input_dim, units = size
    numbers = Numbers(np.random.default_rng(units), dtype, FORMATS[dtype].precision, "plain")
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)), parameters=(numbers.parameters(input_dim, units, reset),)
    )


def meets(case: Case, answer: Outputs, weak: Arithmetic) -> bool:
    """Whether one run is of a class."""
    arrays: list[np.ndarray] = [part for part in answer if isinstance(part, np.ndarray)]
    if not all(np.array_equal(part, rounded(part, weak)) for part in arrays):
        return False
    judgement = judge_run(case, answer, weak)
    inside = not any(finding.margin is not None for finding in judgement.findings)
    return judgement.judged > 0 and inside and judgement.sample.alarm is None


def rounded(shown: np.ndarray, weak: Arithmetic) -> np.ndarray:
    """The nearest numbers of the format in which a class shows its states, where that is narrower than the array's."""
    significant, exponent = np.frexp(shown.astype(np.float64))
    scale = 2.0**weak.shown.precision
    return np.ldexp(np.rint(significant * scale) / scale, exponent)
