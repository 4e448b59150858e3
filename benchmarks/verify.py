"""Judge results before timing: a subject's results from the very calls that are timed must be right.

Outputs: steps of several rows (the first, the last and others) must lie within the certified one-step bound of the
claimed arithmetic. Every masked output must repeat the state or be 0, bit for bit, and every number must be finite.
Gradients: cotangents that are 0 except in SLICE steps of one row have the gradients of a run of these steps alone,
which have a proven bound; everything that this cotangent does not reach must be 0. The distances of all outputs and
gradients from the reference in float64 are reported, not judged.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from benchmarks.problem import Problem, problem
from benchmarks.rows import Row
from conformance.bounds import OneStep
from conformance.checks.runs import gradient_bounds, gradients_within
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters, bigru, bigru_backward, gru, gru_backward

SAMPLES = 4
SLICE = 2
"""The smallest number of steps at which every weight has a gradient."""


class WrongResult(Exception):
    """A subject computes a wrong result. The message names it and its distance."""


def judge_outputs(row: Row, outputs: np.ndarray, claim: Arithmetic) -> float:
    """The worst margin of the judged steps; 1 uses the whole bound. Raises WrongResult."""
    given = problem(row)
    batch, time, _ = given.inputs.shape
    wanted = (batch, time, len(given.parameters) * given.units)
    if outputs.shape != wanted or outputs.dtype != np.float32:
        raise WrongResult(f"outputs are {outputs.dtype} {outputs.shape}, not float32 {wanted}")
    if not np.isfinite(outputs).all():
        raise WrongResult("outputs are not finite")
    worst = 0.0
    for direction, states in enumerate(np.split(outputs, len(given.parameters), axis=-1)):
        ahead, x, valid = _processed(given, states, direction)
        _require_copies(ahead, valid)
        margins = _one_step(given.parameters[direction], claim.activation)(*_sampled(ahead, x, valid))
        worst = max(worst, margins)
    return worst


def _processed(given: Problem, states: np.ndarray, direction: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States, inputs and valid steps in the processing order of a direction."""
    order = slice(None, None, -1) if direction else slice(None)
    return states[:, order], given.inputs[:, order], given.valid[:, order]


def _require_copies(states: np.ndarray, valid: np.ndarray) -> None:
    """Require every masked output to be the state reached so far, or 0. Raises WrongResult."""
    reached = np.zeros_like(states[:, 0])
    for t in range(states.shape[1]):
        masked = ~valid[:, t]
        shown = states[masked, t]
        if not np.all((shown == reached[masked]).all(axis=-1) | (shown == 0).all(axis=-1)):
            raise WrongResult("an output at a masked step is neither 0 nor the state reached so far")
        reached[valid[:, t]] = states[valid[:, t], t]


def _sampled(states: np.ndarray, x: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, previous and next states of some valid steps: a first, a last, and others."""
    rows, times = np.nonzero(valid)
    random = np.random.default_rng(len(rows))
    chosen = [0, len(rows) - 1, *random.choice(len(rows), SAMPLES - 2)]
    rows, times = rows[chosen], times[chosen]
    started = valid[rows, times - 1] & (times > 0)
    before = np.where(started[:, None], states[rows, times - 1], np.float32(0))
    return x[rows, times], before, states[rows, times]


@lru_cache(maxsize=8)
def _one_step(parameters: Parameters, activation: str):
    """The judge of single steps, with the weights converted once for all subjects with equal claims."""
    bound = OneStep(parameters, _claim(activation))

    def worst(x: np.ndarray, before: np.ndarray, after: np.ndarray) -> float:
        margin = float(bound(x, before).margins(after).max())
        if not margin <= 1:
            raise WrongResult(f"a step is {margin:.3g} times its bound off")
        return margin

    return worst


def _claim(activation: str) -> Arithmetic:
    """The claim for an activation: float32 to nearest with subnormals flushed. Claims differ in their activations
    only.
    """
    return Arithmetic(dtype="float32", activation=activation, flush=True, source="benchmarks")


class Slice(NamedTuple):
    """SLICE steps of one row, at the start of a direction. times: their places, in processing order."""

    row: int
    times: np.ndarray


def sliced(row: Row, direction: int) -> Slice:
    """The place where the cotangent of a direction is not 0: in the longest row. Raises ValueError if that is too
    short.
    """
    given = problem(row)
    lengths = given.valid.sum(axis=1)
    longest = int(lengths.argmax())
    if lengths[longest] < SLICE * len(given.parameters):
        raise ValueError(f"{row.name}: the directions' slices of {SLICE} steps would overlap; use more time")
    times = np.arange(lengths[longest])
    return Slice(longest, times[::-1][:SLICE] if direction else times[:SLICE])


def slice_cotangents(row: Row) -> np.ndarray:
    """Cotangents of the outputs that are 0 except in each direction's slice."""
    given = problem(row)
    cotangents = np.zeros_like(given.cotangents)
    for direction in range(row.directions):
        at, times = sliced(row, direction)
        units = slice(direction * given.units, (direction + 1) * given.units)
        cotangents[at, times, units] = given.cotangents[at, times, units]
    return cotangents


def judge_gradients(row: Row, each: list, claim: Arithmetic) -> float:
    """The worst margin of gradients to slice_cotangents, one for each direction. Raises WrongResult."""
    given = problem(row)
    if len(each) != len(given.parameters):
        raise WrongResult(f"gradients of {len(each)} directions, not {len(given.parameters)}")
    inputs = each[0].inputs
    if inputs.shape != given.inputs.shape or inputs.dtype != np.float32:
        raise WrongResult(f"the gradient to the inputs is {inputs.dtype} {inputs.shape}, not {given.inputs.shape}")
    elsewhere = np.ones(given.inputs.shape[:2], bool)
    worst = 0.0
    for direction, found in enumerate(each):
        at, times = sliced(row, direction)
        elsewhere[at, times] = False
        case, allowed = _allowed(row, direction, claim.activation)
        own = Gradients(inputs[at, times][None], None, found.kernel, found.recurrent_kernel, found.bias)
        for name, sets, array in zip(Gradients._fields, allowed, own, strict=True):
            if sets is not None and (array.shape != sets.exact.shape or array.dtype != np.float32):
                raise WrongResult(f"the gradient to {name} is {array.dtype} {array.shape}, not {sets.exact.shape}")
        judgement = gradients_within(allowed, own, _claim(claim.activation))
        if judgement.findings:
            raise WrongResult(str(judgement.findings[0]))
        if judgement.judged < case.inputs.size + sum(w.size for w in case.single.weights):
            raise WrongResult("some gradient has no bound here, so nothing shows that it is right")
        worst = max(worst, judgement.margin)
    if np.any(inputs[elsewhere]):
        raise WrongResult("the gradient to an input that the cotangent does not reach is not 0")
    return worst


def _allowed(row: Row, direction: int, activation: str) -> tuple[Case, Gradients]:
    """The run of a slice alone, and its allowed gradients, except the initial state's."""
    given = problem(row)
    at, times = sliced(row, direction)
    case = Case(inputs=given.inputs[at, times][None], parameters=(given.parameters[direction],))
    units = slice(direction * given.units, (direction + 1) * given.units)
    cotangents = np.ascontiguousarray(given.cotangents[at, times, units][None])
    return case, _bounds(case.single, activation, case.inputs.tobytes(), cotangents.tobytes())


@lru_cache(maxsize=2)
def _bounds(parameters: Parameters, activation: str, inputs: bytes, cotangents: bytes) -> Gradients:
    """The bounds of a slice, stored for the subjects of a row, because those of a wide GRU take long."""
    x = np.frombuffer(inputs, np.float32).reshape(1, -1, parameters.input_dim)
    dy = np.frombuffer(cotangents, np.float32).reshape(1, -1, parameters.units)
    none = np.zeros((1, parameters.units), np.float32)
    allowed = gradient_bounds(Case(inputs=x, parameters=(parameters,)), Outputs(dy, none), _claim(activation))
    return allowed._replace(initial_state=None)


def distance(row: Row, outputs: np.ndarray) -> float:
    """The largest distance of any valid output from the reference in float64."""
    exact = _reference_outputs(row)
    return float(np.abs((outputs - exact)[problem(row).valid]).max())


def gradient_distance(row: Row, each: list) -> float:
    """The largest distance of any gradient to the row's own cotangents, relative to the largest number of its array.

    Raises WrongResult for a number that is not finite.
    """
    worst = 0.0
    for found, exact in zip(each, _reference_gradients(row), strict=True):
        for array, wide in zip((found.inputs, *found[2:]), exact, strict=True):
            if not np.isfinite(array).all():
                raise WrongResult("a gradient is not finite")
            worst = max(worst, float(np.abs(array - wide).max() / np.abs(wide).max()))
    return worst


@lru_cache(maxsize=1)
def _reference_outputs(row: Row) -> np.ndarray:
    given = problem(row)
    wide, parameters = given.inputs.astype(np.float64), [_wide(p) for p in given.parameters]
    run = gru if row.directions == 1 else bigru
    return run(wide, *parameters, lengths=given.lengths).outputs


@lru_cache(maxsize=1)
def _reference_gradients(row: Row) -> list[tuple[np.ndarray, ...]]:
    given = problem(row)
    wide, parameters = given.inputs.astype(np.float64), [_wide(p) for p in given.parameters]
    arguments = {"grad_outputs": given.cotangents.astype(np.float64), "lengths": given.lengths}
    if row.directions == 1:
        found = gru_backward(wide, *parameters, **arguments)
        return [(found.inputs, found.kernel, found.recurrent_kernel, found.bias)]
    both = bigru_backward(wide, *parameters, **arguments)
    return [(both.inputs, *both.forward), (both.inputs, *both.backward)]


def _wide(p: Parameters) -> Parameters:
    return Parameters(*(array.astype(np.float64) for array in p.weights), p.reset)
