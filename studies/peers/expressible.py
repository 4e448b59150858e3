"""Which mutants a suite could notice at all: those that differ on some question that its interface can carry.

Found by asking, not by a list: many drawn questions, in every format, size, option and kind of padding that the
interface has; the mutant differs where a bit of an answer does, where it changes an argument, and where it raises.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters

Bits = tuple[str, tuple[int, ...], bytes]

QUESTIONS = 400
SCALES = (-130, -12, -3, 0, 1, 3, 7)
"""Powers of two that inputs, states and weights are scaled by: subnormal to saturating."""


@dataclass(frozen=True)
class Interface:
    """What a suite's questions can say. padding: lengths, masks, or nothing. empty: which sizes can be 0."""

    formats: tuple[str, ...]
    padding: str | None
    policies: tuple[str, ...]
    both: bool
    empty: tuple[str, ...]


ONNX = Interface(("float16", "float32", "float64"), "lengths", ("zero",), True, ("batch", "time"))
KERAS = Interface(("float16", "float32", "float64"), "mask", ("carry", "zero"), False, ("batch",))
WEBNN = Interface(("float16", "float32"), None, ("carry",), True, ())


def expressible(mutant: type[Emulated], interface: Interface) -> bool:
    """Whether any drawn question tells the mutant from the honest one. One mutant is asked them all, in their order."""
    asked = mutant()
    return any(_differs(asked, case, right) for case, right in _questions(interface))


@cache
def _questions(interface: Interface) -> list[tuple[Case, list[Bits]]]:
    """The questions, each with the honest answer."""
    rng, honest = np.random.default_rng(0), Emulated()
    cases = [_drawn(rng, interface) for _ in range(QUESTIONS)]
    return [(case, _bits(honest.run(case.copy()))) for case in cases]


def _differs(mutant: Emulated, case: Case, right: list[Bits]) -> bool:
    given = case.copy()
    try:
        answer = mutant.run(given)
    except Exception:  # whatever it raises is another answer
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
    """One question. Every other size is square, so that what mistakes one axis for another can do it."""
    kind = rng.choice(interface.formats)
    time, units = int(rng.integers(1, 40)) if rng.random() < 0.2 else int(rng.integers(1, 7)), int(rng.integers(1, 12))
    batch, inputs = (time, units) if rng.random() < 0.5 else (int(rng.integers(1, 5)), int(rng.integers(1, 12)))
    batch = 0 if "batch" in interface.empty and rng.random() < 0.05 else batch
    time = 0 if "time" in interface.empty and rng.random() < 0.05 else time

    def numbers(*shape: int) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.ldexp(rng.standard_normal(shape), rng.choice(SCALES)).astype(kind)

    both = interface.both and bool(rng.random() < 0.5)
    reset = rng.choice(["after", "before"])
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
        reverse=not both and bool(rng.random() < 0.5),
        merge="apart" if both else None,
        masked_outputs=str(rng.choice(interface.policies)),
    )


def _padding(rng: np.random.Generator, padding: str | None, batch: int, time: int) -> np.ndarray | None:
    """Which steps count: rows that end, for lengths; any pattern, for a mask."""
    if padding is None or rng.random() < 0.3:
        return None
    if padding == "mask":
        return rng.random((batch, time)) < 0.6
    return np.arange(time) < rng.integers(0, time + 1, (batch, 1))
