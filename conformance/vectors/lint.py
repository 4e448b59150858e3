"""Rules for good vectors. Each rule is a function of a vector or of its truth; public tests of GRUs break all of them.

A vector that breaks a rule could miss a mistake. A vector that breaks one on purpose waives it by name; a waiver
without need is reported too. `over_all` checks rules that no single vector can satisfy.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from conformance.interface.case import Case
from conformance.truth.certified import Truth
from conformance.vectors.vector import Stored, Vector


def sizes(case: Case) -> bool:
    """batch, time, input_dim and units differ pairwise and exceed 1; otherwise an exchanged axis could fit."""
    found = (*case.inputs.shape, case.units)
    return len(set(found)) == len(found) and min(found) > 1


def time(case: Case) -> bool:
    """There are three steps or more; otherwise the recurrent side hardly matters."""
    return case.time >= 3


def weights(case: Case) -> bool:
    """There are two units or more, and no recurrent block is diagonal or symmetric; otherwise reset before and after
    agree, and a transposed matrix fits.
    """
    return case.units >= 2 and all(
        np.any(block != np.diag(np.diag(block))) and np.any(block != block.T)
        for p in case.parameters
        for block in p.recurrent_kernel
    )


def initial_state(case: Case) -> bool:
    """Initial states are given, and no number in them is 0; otherwise ignoring them could pass."""
    return case.initial_state is not None and all(state.size and state.all() for state in case.initial_state)


def bias(case: Case) -> bool:
    """No bias is 0, above all the candidate's recurrent bias; otherwise its place could not be seen."""
    return all(p.bias.all() for p in case.parameters)


def gates(case: Case) -> bool:
    """The gates differ, and the two bias rows differ; otherwise their order could not be seen."""
    return all(
        _different_arrays(p.kernel)
        and _different_arrays(p.recurrent_kernel)
        and _different_arrays(p.bias.reshape(-1, p.units))
        for p in case.parameters
    )


def units(case: Case) -> bool:
    """There are two units or more, and they differ in every gate."""
    return case.units >= 2 and all(
        _different_arrays(gate.T) for p in case.parameters for gate in (*p.kernel, *p.recurrent_kernel)
    )


def rows(case: Case) -> bool:
    """Rows differ in their valid inputs or, without any, in their states; and their states differ."""
    seen = np.where(case.valid[:, :, None], case.inputs, 0).reshape(case.batch, case.time * case.inputs.shape[2])
    return (
        case.batch > 0
        and _different_arrays(np.concatenate([seen, *case.starts], axis=1))
        and (case.initial_state is None or all(map(_different_arrays, case.initial_state)))
    )


def steps(case: Case) -> bool:
    """The valid inputs of a row differ from step to step; otherwise their order could not be seen."""
    return all(_different_arrays(case.inputs[row, case.valid[row]]) for row in range(case.batch))


def palindrome(case: Case) -> bool:
    """Some row has two valid steps or more, and no such row reads the same backwards."""
    spans = [case.inputs[row, case.valid[row]] for row in range(case.batch)]
    long = [span for span in spans if len(span) > 1]
    return bool(long) and all(np.any(span != span[::-1]) for span in long)


def directions(case: Case) -> bool:
    """Two directions differ in every array."""
    if len(case.parameters) == 1:
        return True
    one, other = case.parameters
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("kernel", "recurrent_kernel", "bias")]
    states = [case.initial_state] if case.initial_state is not None and case.batch else []
    return all(np.any(a != b) for a, b in [*pairs, *states])


def tails(truth: Truth) -> bool:
    """Each gate is below 1/4 somewhere and above 3/4 elsewhere, and not everywhere within 1/64 of 0 or 1."""
    for step in truth.steps:
        for gate in (step.z, step.r):
            if gate is None:
                continue
            known = gate[~np.isnan(gate)]
            if not (np.any(known < 1 / 4) and np.any(known > 3 / 4) and np.any(np.minimum(known, 1 - known) > 1 / 64)):
                return False
    return True


def padding(case: Case) -> bool:
    """If there are lengths or a mask, some step is masked, and masked inputs are far from valid ones."""
    if case.lengths is None and case.mask is None:
        return True
    masked = case.inputs[~case.valid]
    return bool(masked.size) and bool(np.all(~(np.abs(masked) < 2.0**64)))


def _named(*rules: Callable[..., bool]) -> dict[str, Callable[..., bool]]:
    return {rule.__name__.replace("_", "-"): rule for rule in rules}


OF_CASES = _named(
    sizes, time, weights, initial_state, bias, gates, units, rows, steps, palindrome, directions, padding
)  # fmt: skip
OF_TRUTHS = _named(tails)
RULES = OF_CASES | OF_TRUTHS
"""Every rule for one vector by its name: rules for its case, and rules for its truth."""


def broken(case: Case, truth: Truth) -> list[str]:
    """The names of the broken rules."""
    found = [name for name, rule in OF_CASES.items() if not rule(case)]
    return found + [name for name, rule in OF_TRUTHS.items() if not rule(truth)]


def lint(vector: Vector, truth: Truth) -> Iterator[str]:
    """A line for each broken rule without a waiver, and for each waiver without need."""
    names = broken(vector.case, truth)
    for name in names:
        if name not in vector.waives:
            yield f"{vector.name}: breaks {name!r}: {RULES[name].__doc__}"
    for name in vector.waives:
        if name not in names:
            yield f"{vector.name}: waives {name!r} " + ("without need" if name in RULES else f", not of {list(RULES)}")


def over_all(vectors: dict[str, Stored]) -> Iterator[str]:
    """A line for each rule that no vector of a set satisfies."""
    cases = [vector.case for vector, _ in vectors.values()]
    lengths = [case.lengths.tolist() for case in cases if case.lengths is not None and case.batch]
    times = {tuple(case.lengths): case.time for case in cases if case.lengths is not None}
    masked = np.concatenate([case.inputs[~case.valid].ravel().astype(np.float64) for case in cases] or [np.zeros(0)])
    biases = [case for case in cases if case.batch >= 3 and any(not p.bias.any() for p in case.parameters)]
    facts = {
        "no lengths are unsorted with 0, 1 and all of the time among them": any(
            row not in (sorted(row), sorted(row)[::-1]) and {0, 1, times[tuple(row)]} <= set(row) for row in lengths
        ),
        "no padding is NaN": bool(np.isnan(masked).any()),
        "no padding is infinite": bool(np.isinf(masked).any()),
        "no padding is finite and far": bool(np.any(np.isfinite(masked) & (np.abs(masked) > 2.0**64))),
        "no vector has three rows and no bias": bool(biases),
    }
    yield from (message for message, holds in facts.items() if not holds)


def _different_arrays(arrays: np.ndarray) -> bool:
    return all(np.any(a != b) for a, b in combinations(arrays, 2))
