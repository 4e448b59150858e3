"""A test of weaker arithmetics step by step: a diagnosis names one only if two plain runs meet it.

The bound of a hypothesis's whole run (running_error.py) is wide in a narrow arithmetic, wide enough for a wrong
formula. Here the proven bound judges each step from the subject's own state. If the states are said to have a narrower
format, each returned one must be a number of it.
"""

from collections.abc import Sequence

import numpy as np

from conformance.diagnosis.grades import meets
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case, Outputs
from conformance.interface.strategies import DISTINCT, WIDE, Numbers

SIZES = (DISTINCT, WIDE)


def classes_met(gru: GRU, dtype: str, reset: str, classes: Sequence[Arithmetic]) -> tuple[Arithmetic, ...]:
    """The classes that the subject meets in every plain run; none if a run has no answer."""
    try:
        runs = [(case, ask(gru, case)) for case in (plain(dtype, reset, size) for size in SIZES)]
    except SubjectError:
        return ()
    return tuple(weak for weak in classes if met_by(runs, weak))


def met_by(runs: Sequence[tuple[Case, Outputs]], weak: Arithmetic) -> bool:
    """True if every step of some runs lies in a class, and every returned number is one of its format."""
    arrays: list[np.ndarray] = [part for _, answer in runs for part in answer if isinstance(part, np.ndarray)]
    return all(np.array_equal(part, rounded(part, weak)) for part in arrays) and meets(runs, weak) is not None


def plain(dtype: str, reset: str, size: tuple[int, int, int, int]) -> Case:
    """One direction, every step valid, from zeros; numbers of ordinary size. size: batch, time, input_dim, units."""
    batch, time, input_dim, units = size
    numbers = Numbers(np.random.default_rng(units), dtype, FORMATS[dtype].precision, "plain")
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)), parameters=(numbers.parameters(input_dim, units, reset),)
    )


def rounded(shown: np.ndarray, weak: Arithmetic) -> np.ndarray:
    """The nearest numbers of the format of a class's returned states, if it is narrower than the array's."""
    significant, exponent = np.frexp(shown.astype(np.float64))
    scale = 2.0**weak.output_format.precision
    return np.ldexp(np.rint(significant * scale) / scale, exponent)
