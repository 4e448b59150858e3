"""The accuracy of a GRU's sigma and tanh, measured through the GRU's own interface.

A GRU exposes its activations. If the update gate is empty, the next state from 0 is the candidate, tanh of an input. If
the candidate is 0, the next state from 1 is the update gate, sigma of an input. Everything else on the way is exact:
products with 0 and 1, sums with 0. The blend's possible contribution is observed (see allowance.py).

A class is met if no error on the whole sweep exceeds it, as if the blend had added nothing. A claim is refuted only by
an error that exceeds it with everything that the blend may have added. Both statements apply to the arguments of
sweep.py.

Left out: whether the activation or the blend flushed a number; activations other than sigma and tanh.
"""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, NamedTuple, cast

import numpy as np

from conformance.checks.smoke import FORCED
from conformance.diagnosis.probe.allowance import Allowance, Blend
from conformance.diagnosis.probe.sweep import (
    SIGMA,
    TANH,
    Errors,
    arguments,
    closer,
    exact,
    exact_at,
    exact_balls,
    few,
    rounded,
)
from conformance.interface.adapter import GRU, SubjectError, UsageError, ask
from conformance.interface.arithmetic import ACTIVATIONS, Arithmetic, Format
from conformance.interface.case import Case
from conformance.interface.type_guards import is_object
from reference import Parameters
from reference.parameters import Reset

WIDTHS = (1, 64)
"""Units of the two probed GRUs: frameworks compute single numbers and whole vectors by different code."""
ROUNDS = 3
"""The number of further sweeps of the same size, closer to where the claim is used most."""
KEPT, FLUSHED, PARTLY, NOT_SEEN = "kept", "flushed", "partly flushed", "not seen"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One number of a sweep. error: in the unit that its field in Swept defines. units: the width of the GRU."""

    argument: float
    computed: float
    exact: float
    error: float
    units: int


@dataclass(frozen=True, kw_only=True)
class Swept:
    """The results for one activation in one format.

    Attributes:
        activation: The name of the activation.
        points: The number of judged numbers.
        ulps: The largest error where the exact value is a normal number, in units in the last place of this value.
        absolute: The largest error anywhere, in unit roundoffs.
        beyond: The largest error in units in the last place beyond the other claimed parts: the floor, the absolute
            part, flushing, rounding to the output format.
        least: The smallest result.
        greatest: The largest result.
        inside: True if all results are in [-1, 1], or [0, 1].
        subnormals: The fate of results below the normal range; not seen if those just above it are already 0.
        monotone: True if no result is smaller than the result of a smaller argument.
        meets: The first class in ACTIVATIONS that is met, or None.
        refutes: The number that refutes the claim, with its error as a part of the allowance; None if the claim stands.
        blend: The error that the blend may add, in words.
    """

    activation: str
    points: int
    ulps: Point
    absolute: Point
    beyond: Point
    least: float
    greatest: float
    inside: bool
    subnormals: str
    monotone: bool
    meets: str | None
    refutes: Point | None
    blend: str


@dataclass(frozen=True, kw_only=True)
class Probed:
    """A GRU's activations in one format. swept: by name. declined: the reason why one could not be measured, by
    name.
    """

    dtype: str
    claim: Arithmetic
    swept: dict[str, Swept]
    declined: dict[str, str]

    @property
    def meets(self) -> str | None:
        """The first class that all swept activations meet, or None."""
        order = [*ACTIVATIONS, None]
        return max((swept.meets for swept in self.swept.values()), key=order.index, default=None)

    @property
    def met(self) -> bool:
        """True if no measurement refutes the claim."""
        return all(swept.refutes is None for swept in self.swept.values())

    def to_json(self) -> dict[str, Any]:
        """The results as JSON values. Numbers that are not finite become strings."""
        return _finite({**asdict(self), "meets": self.meets, "met": self.met})


def probe(gru: GRU, dtype: str, *, rounds: int = ROUNDS) -> Probed:
    """Sweep sigma and tanh of a GRU in a declared format.

    Args:
        gru: The subject.
        dtype: The format.
        rounds: The number of further sweeps, each closer to the largest errors.

    Returns:
        The measurements.

    Raises:
        UsageError: If the subject does not declare the format.
        SubjectError: If the subject gives no answer.
    """
    claim = gru.capabilities.arithmetic.get(dtype)
    if claim is None:
        declared = ", ".join(gru.capabilities.arithmetic) or "none"
        raise UsageError(f"the subject does not declare {dtype}; it declares {declared}")
    formats = _formats(claim)
    first = arguments(formats)
    seen, declined = _results(gru, claim, {TANH: first, SIGMA: first})
    blend = Blend.observed(claim, seen.get(SIGMA), first)
    allowances = {name: Allowance(name, claim, blend) for name in seen}
    errors = {name: Errors.of(seen[name], exact(name, formats)) for name in seen}
    for _ in range(0 if few(formats) else rounds):
        again = {
            name: closer(
                of.exact.arguments, allowances[name].parts(claim.accuracy, of).max(axis=0), len(first), formats
            )
            for name, of in errors.items()
        }
        seen, why = _results(gru, claim, {TANH: first, SIGMA: first} | again)
        if why != declined:
            raise SubjectError(f"the same question was answered differently later: {why or 'sigma is seen'}")
        errors = {name: of.beside(Errors.of(seen[name], exact_at(name, again[name]))) for name, of in errors.items()}
    return Probed(
        dtype=dtype,
        claim=claim,
        swept={name: _judged(errors[name], allowances[name]) for name in errors},
        declined={SIGMA: declined} if declined else {},
    )


def _formats(claim: Arithmetic) -> tuple[Format, ...]:
    """The formats that an argument passes, once each. It must be a number of all of them."""
    return tuple(dict.fromkeys((claim.interface, claim.format, claim.operands, claim.sums)))


def _results(gru: GRU, claim: Arithmetic, given: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], str | None]:
    """The results of a GRU of each width for each activation, (widths, arguments); and the reason for a missing
    sigma.
    """
    answers = [_answer(gru, claim, given[TANH], given[SIGMA], units) for units in WIDTHS]
    why = next((answer.declined for answer in answers if answer.declined), None)
    seen = {TANH: np.array([answer.tanh for answer in answers])}
    return seen | ({} if why else {SIGMA: np.array([answer.sigma for answer in answers])}), why


class Answer(NamedTuple):
    """The results of a GRU of one width. declined: the reason why sigma is not visible."""

    tanh: np.ndarray
    sigma: np.ndarray
    declined: str | None


def _answer(gru: GRU, claim: Arithmetic, of_tanh: np.ndarray, of_sigma: np.ndarray, units: int) -> Answer:
    """Run one case: the first half of its numbers measures tanh from a state of 0, the second half sigma from a
    state of 1.
    """
    count = len(of_tanh)
    candidate, gate = (np.append(x, np.zeros(-count % units + units)) for x in (of_tanh, of_sigma))
    zero = np.zeros_like(gate)
    start = np.append(zero, zero + 1)
    steps = [_rows(np.append(zero - FORCED, gate), np.append(candidate, zero), units)]
    has_state = gru.capabilities.initial_state
    if not has_state:  # An earlier step makes the state: an empty gate, and a candidate of 0 or of a saturated tanh.
        steps.insert(0, _rows(zero.repeat(2) - FORCED, start * FORCED, units))
    case = Case(
        inputs=np.stack(steps, axis=1).astype(claim.dtype),
        parameters=(_parameters(gru.capabilities.resets[0], claim.dtype, units),),
        initial_state=(start.reshape(-1, units).astype(claim.dtype),) if has_state else None,
    )
    states = _states(gru, case)
    tanh, sigma = np.split(states[-1].ravel(), 2)
    declined = None
    if not has_state and not np.array_equal(states[0].ravel(), start):
        declined = "it declares no initial_state, and a saturated candidate does not make the state 1 in its place"
    elif tanh[-1] != 0:
        declined = f"its candidate is {tanh[-1]} and not 0 where its argument is 0, so the gate is not seen alone"
    return Answer(tanh[:count], sigma[:count], declined)


def _states(gru: GRU, case: Case) -> list[np.ndarray]:
    """The state after each step. A GRU that returns its last state only runs once for each."""
    if gru.capabilities.outputs:
        return list(ask(gru, case).outputs.astype(np.float64).swapaxes(0, 1))
    runs = [replace(case, inputs=case.inputs[:, : t + 1]) for t in range(case.time)]
    return [ask(gru, run).final_state.astype(np.float64) for run in runs]


def _parameters(reset: str, dtype: str, units: int) -> Parameters:
    """Independent units: the first half of the inputs are the update gates' arguments, the second half the
    candidates'.
    """
    gates = 2 if reset == "none" else 3
    kernel = np.zeros((gates, 2 * units, units), dtype)
    kernel[0, :units] = kernel[-1, units:] = np.eye(units)
    return Parameters(
        kernel, np.zeros((gates, units, units), dtype), np.zeros((2, gates, units), dtype), cast(Reset, reset)
    )


def _rows(gate: np.ndarray, candidate: np.ndarray, units: int) -> np.ndarray:
    return np.concatenate([gate.reshape(-1, units), candidate.reshape(-1, units)], axis=1)


def _judged(errors: Errors, allowance: Allowance) -> Swept:
    activation, claim, blend = allowance
    computed, exponents = errors.computed, errors.exact.exponents

    def point(index: int, error: float) -> Point:
        width, at = divmod(index, errors.size.size)
        argument = errors.exact.arguments[at : at + 1]
        (exact,) = exact_balls(activation, argument)
        return Point(
            argument=float(argument[0]),
            computed=float(computed[width, at]),
            exact=float(exact.mid()),
            error=float(error),
            units=WIDTHS[width],
        )

    def largest(values: np.ndarray) -> Point:
        index = int(np.argmax(values))
        return point(index, values.flat[index])

    refuting, part = allowance.worst(claim.accuracy, errors, whole=True)
    least = -1 if activation == TANH else 0
    return Swept(
        activation=activation,
        points=computed.size,
        ulps=largest(
            np.where(exponents >= claim.output_format.smallest, errors.ulps(errors.off, claim.output_format), 0)
        ),
        absolute=largest(errors.roundoffs(claim.output_format)),
        beyond=largest(errors.ulps(allowance.beyond(claim.accuracy, errors), claim.output_format)),
        least=float(computed.min()),
        greatest=float(computed.max()),
        inside=bool(np.all((computed >= least) & (computed <= 1))),
        subnormals=_subnormals(errors, claim.output_format),
        monotone=not np.any((computed[:, 1:] < computed[:, :-1]) & (np.diff(errors.exact.arguments) > 0)),
        meets=next((name for name, of in ACTIVATIONS.items() if allowance.worst(of, errors)[1] <= 1), None),
        refutes=point(refuting, part) if part > 1 else None,
        blend=blend.words(activation),
    )


def _subnormals(errors: Errors, format: Format) -> str:
    """The fate of results below the normal range, if those in the orders of magnitude just above it are not 0."""
    nearest = rounded(np.ldexp(errors.size, errors.exact.scale), format)
    normal = float(format.smallest_normal)
    below = errors.computed[:, (nearest > 0) & (nearest < normal)] == 0
    above = errors.computed[:, (nearest >= normal) & (nearest < np.ldexp(normal, format.precision))] == 0
    if not below.size or above.any():
        return NOT_SEEN
    return FLUSHED if below.all() else PARTLY if below.any() else KEPT


def _finite(value: Any) -> Any:
    """Convert infinities, NaN and fractions to strings, because JSON has none."""
    if is_object(value):
        return {key: _finite(item) for key, item in value.items()}
    return str(value) if isinstance(value, float) and not isfinite(value) else value
