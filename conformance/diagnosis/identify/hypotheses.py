"""Hypotheses about an answer: parts of conformance.diagnosis, a few more, and the condition under which one holds.

A hypothesis is a set of parts over the specification. It holds if every number of an answer is within twice the running
error of a class of arithmetic (running_error.py): once for the answer, once for the suite's own float64, which meets
every class in the list.
"""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from conformance.diagnosis.catalogue.orders import ORDERS
from conformance.diagnosis.identify.asking import Arrays
from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.running_error import Near, Rounded
from conformance.diagnosis.search import DEVIATIONS, composed
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case

Parts = tuple[type[Deviation], ...]
KNOWN = {deviation.__name__: deviation for deviation in DEVIATIONS}
UNKNOWN = "unknown"
ROUGH = "8 ULP above 4u"


def parts(*names: str) -> Parts:
    """Deviations of the diagnosis by their names."""
    return tuple(KNOWN[name] for name in names)


def _acts(place: str) -> type[Deviation]:
    def read(_: Deviation) -> str:
        return place

    return type(f"acts_{place}", (Deviation,), {"place": read})


ACTS = {"after": _acts("after"), "before": _acts("before"), "none": _acts("ignored")}


NAMED = {**KNOWN, **{part.__name__: part for part in ACTS.values()}}
"""Every part that a reading of a step may have."""


class in_processing_order_within_each_row(Deviation):
    """A reverse run returns outputs in processing order, each row's valid steps first."""

    def aligned(self, outputs: Near, backwards: bool) -> Near:
        """The outputs in this order."""
        outputs = super().aligned(outputs, backwards)
        times = np.arange(self.case.time)
        count = self.case.valid.sum(axis=1)[:, None]
        index = np.where(backwards & (times < count), count - 1 - times, times)[:, :, None]
        return Near(np.take_along_axis(outputs.value, index, 1), np.take_along_axis(outputs.error, index, 1))


class final_states_exchanged(Deviation):
    """The final states of two directions are exchanged under every merge."""

    def finals(self, case: Case, finals: tuple[Near, ...]) -> tuple[Near, ...]:
        """The final states in this order."""
        return super().finals(case, finals)[::-1]


def classes(dtype: str) -> list[Arithmetic]:
    """The arithmetics in order, each looser than the one before: the interface's, then narrower ones."""
    if dtype == "bfloat16":  # sums in bfloat16 would fit most functions
        return [_class(dtype, compute="float32"), _class(dtype, accumulator="float32")]
    found = [_class(dtype)]
    if dtype == "float64":
        found.append(_class(dtype, compute="float32"))
    if dtype != "float16":
        found += [_class(dtype, compute="float32", products=format) for format in ("tf32", "float16", "bfloat16")]
        found += [_class(dtype, compute=narrow, accumulator="float32") for narrow in ("float16", "bfloat16")]
    return found


def _class(dtype: str, **options: Any) -> Arithmetic:
    return Arithmetic(dtype=dtype, activation=ROUGH, source="the list of classes", **options)


View = Callable[[tuple[np.ndarray, ...]], list[np.ndarray]]
"""A function that selects the compared part of an answer."""


def whole(arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """The whole answer."""
    return list(arrays)


def holds(parts: Parts, case: Case, given: Arrays, claim: Arithmetic, view: View = whole) -> bool:
    """True if the compared part of an answer agrees with these parts in a class of arithmetic."""
    with np.errstate(all="ignore"):
        nears = composed(parts)(_rounded(claim)).answer(case)[-len(given) :]
        assert [near.value.shape for near in nears] == [array.shape for array in given], "Asking has looked"
        looked = (view(tuple(near.value for near in nears)), view(tuple(near.error for near in nears)), view(given))
        return all(
            bool(np.all(np.abs(computed.astype(np.float64) - value) <= 2 * error))
            for value, error, computed in zip(*looked, strict=True)
        )


@cache
def _rounded(claim: Arithmetic) -> Rounded:
    return Rounded(claim)


class Reading(NamedTuple):
    """One way to read the weights of a step: its values by trait, and its parts."""

    values: tuple[str, ...]
    parts: Parts


TRAITS = ("reset", "update gate", "kernel", "recurrent kernel", "recurrent blocks", "activations")
KEEPS, TAKES = "z keeps the state", "z takes the candidate"
ACTIVATIONS = {
    "sigma and tanh": (),
    "hard sigmoid fifth": parts("hard_sigmoid_gates"),
    "hard sigmoid sixth": parts("hard_sigmoid_sixth"),
    "tanh gates": parts("tanh_gates"),
    "sigmoid of twice": parts("sigmoid_of_twice_the_argument"),
    "linear candidate": parts("linear_candidate"),
    "relu candidate": parts("relu_candidate"),
    "sigmoid candidate": parts("sigmoid_candidate"),
}


def readings(reset: str, activations: Iterable[str]) -> list[Reading]:
    """Every way in the list to read a step with a requested position of the reset gate."""
    two = reset == "none"
    places = {"none": ()} if two else {place: (part,) for place, part in ACTS.items()}
    orders = ("nzr",) if two else ORDERS
    axes = (
        places,
        {KEEPS: (), TAKES: parts("update_sense_flipped")},
        *({_order("zrn", two): (), **{_order(order, two): parts(f"{which}_order_{order}") for order in orders}}
          for which in ("kernel", "recurrent")),
        {"as given": (), "transposed": parts("recurrent_kernel_transposed")},
        {name: ACTIVATIONS[name] for name in activations},
    )  # fmt: skip
    return [
        Reading(tuple(value for value, _ in chosen), tuple(part for _, some in chosen for part in some))
        for chosen in product(*(axis.items() for axis in axes))
    ]


def _order(order: str, two: bool) -> str:
    return " ".join(gate for gate in order if not (two and gate == "r"))
