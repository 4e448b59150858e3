"""The mutants that a suite could detect at all: those that differ on some input that its interface can express.

They are found by experiment: many drawn inputs, in every format, size, option and kind of padding of the interface. A
mutant differs if a bit of an answer does, if it changes an argument, or if it raises.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters
from studies.peers.verdicts import answer_with_outputs

Bits = tuple[str, tuple[int, ...], bytes]

QUESTIONS = 400
LARGE = 160
"""Some questions have one size between half of this and this: larger than the tiles and blocks where kernels switch
code.
"""
SCALES = (-130, -12, -3, 0, 1, 3, 7)
"""Powers of two by which inputs, states and weights are scaled: subnormal to saturating."""


@dataclass(frozen=True)
class Interface:
    """The inputs that a suite can express. padding: lengths, masks, or nothing. empty: sizes that can be 0. reverse:
    allows runs in reverse alone.
    """

    formats: tuple[str, ...]
    padding: str | None
    policies: tuple[str, ...]
    both: bool
    empty: tuple[str, ...]
    resets: tuple[str, ...] = ("after", "before")
    reverse: bool = True


ONNX = Interface(("float16", "float32", "float64"), "lengths", ("zero",), True, ("batch", "time"))
KERAS = Interface(("float16", "float32", "float64"), "mask", ("carry", "zero"), False, ("batch",))
WEBNN = Interface(("float16", "float32"), None, ("carry",), True, ())
KERNELBENCH = Interface(("float32",), None, ("carry",), True, (), resets=("after",), reverse=False)
KERNELBENCH_FORWARD = replace(KERNELBENCH, both=False)


@cache
def expressible(mutant: type[Emulated], interface: Interface) -> bool:
    """True if a drawn input distinguishes the mutant from the honest GRU. One mutant answers all inputs, in order."""
    asked = mutant()
    return any(_differs(asked, case, right) for case, right in _questions(interface))


@cache
def _questions(interface: Interface) -> list[tuple[Case, list[Bits]]]:
    """The inputs, each with the honest answer."""
    rng, honest = np.random.default_rng(0), Emulated()
    cases = [_drawn(rng, interface) for _ in range(QUESTIONS)]
    return [(case, _bits(honest.run(case.copy()))) for case in cases]


def _differs(mutant: Emulated, case: Case, right: list[Bits]) -> bool:
    given = case.copy()
    try:
        answer = answer_with_outputs(mutant, given)
    except Exception:  # an exception is another answer
        return True
    return _bits(answer) != right or _bits(_arguments(given)) != _bits(_arguments(case))


def _arguments(case: Case) -> tuple:
    return case.inputs, case.initial_state or (), () if case.lengths is None else case.lengths


def _bits(arrays: object) -> list[Bits]:
    if isinstance(arrays, tuple):
        return [bits for array in arrays for bits in _bits(array)]
    array = np.asarray(arrays)
    return [(str(array.dtype), array.shape, array.tobytes())]


def _drawn(rng: np.random.Generator, interface: Interface) -> Case:
    """One input. Every other one is square, so that a mistake between axes can occur."""
    kind = rng.choice(interface.formats)
    time = int(rng.integers(1, 40)) if rng.random() < 0.2 else int(rng.integers(1, 7))
    units = int(rng.integers(1, 12))
    batch, inputs = (time, units) if rng.random() < 0.5 else (int(rng.integers(1, 5)), int(rng.integers(1, 12)))
    if rng.random() < 0.2:
        batch, time, inputs, units = _one_large(rng, batch, min(time, 6), inputs, units)
    batch = 0 if "batch" in interface.empty and rng.random() < 0.05 else batch
    time = 0 if "time" in interface.empty and rng.random() < 0.05 else time

    def numbers(*shape: int) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.ldexp(rng.standard_normal(shape), rng.choice(SCALES)).astype(kind)

    both = interface.both and bool(rng.random() < 0.5)
    reset = rng.choice(interface.resets)
    directions = 2 if both else 1
    parameters = tuple(
        Parameters(numbers(3, inputs, units), numbers(3, units, units), numbers(2, 3, units), str(reset))
        for _ in range(directions)
    )
    x = numbers(batch, time, inputs)
    mask = _padding(rng, interface.padding, batch, time)
    if mask is not None:
        x[~mask] = rng.choice([0.0, 1.0, np.nan, np.inf])
    return Case(
        inputs=x,
        parameters=parameters,
        initial_state=tuple(numbers(batch, units) for _ in range(directions)) if rng.random() < 0.5 else None,
        lengths=mask.sum(axis=1) if mask is not None and interface.padding == "lengths" else None,
        mask=mask if interface.padding == "mask" else None,
        reverse=not both and bool(rng.random() < 0.5) and interface.reverse,
        merge="apart" if both else None,
        masked_outputs=str(rng.choice(interface.policies)),
    )


def _one_large(rng: np.random.Generator, *sizes: int) -> list[int]:
    """The sizes, with one of them replaced by a number near LARGE."""
    chosen = int(rng.integers(len(sizes)))
    return [int(rng.integers(LARGE // 2, LARGE)) if place == chosen else size for place, size in enumerate(sizes)]


def _padding(rng: np.random.Generator, padding: str | None, batch: int, time: int) -> np.ndarray | None:
    """The valid steps: rows that end early, for lengths; any pattern, for a mask."""
    if padding is None or rng.random() < 0.3:
        return None
    if padding == "mask":
        return rng.random((batch, time)) < 0.6
    return np.arange(time) < rng.integers(0, time + 1, (batch, 1))
