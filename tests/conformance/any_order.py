"""An honest GRU with its derivative, in which chance decides everything that a class leaves open.

Forward: orders of sums, forms of the blend, places where biases are added. Backward: every form in which automatic
differentiation writes a product of gates, places where cotangents are added, the collection of weight gradients over
steps. A subclass that replaces one method is a GRU with a wrong derivative.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from conformance.bounds.blends import CANDIDATE_FIRST, PRODUCTS, STATE_FIRST, THREE_TERMS
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from conformance.mutants.emulated import Emulated
from conformance.truth.forward import order, visible_steps
from studies.softfloat.gru import FORMS, NEGATED
from tests.conformance.machines import Array, Native, Pair, Software


class Weights(NamedTuple):
    W: list[Array]
    U: list[Array]
    b: list[Array]
    c: list[Array]


class Step(NamedTuple):
    """The quantities of one step. keep: 1 - z as sigma(-a). Masked rows are computed too, but nothing reads them."""

    counts: Array
    x: Array
    h: Array
    z: Array
    keep: Array
    n: Array
    r: Any
    v: Any
    s: Any


class Pulled(NamedTuple):
    """Cotangents of the input side and the recurrent side of each gate, and the terms of the previous state's
    cotangent.
    """

    by_x: list[Array]
    by_h: list[Array]
    terms: list[Array]


class AnyOrder(Emulated):
    """An honest GRU on a machine. form: the form of the blend, one of FORMS; None draws one."""

    def __init__(self, machine: Native | Software, form: str | None = None) -> None:
        self.machine, self.rng = machine, machine.rng
        self.form = form or str(self.rng.choice(FORMS))
        self.merges_biases = self.rng.random() < 0.5
        if isinstance(machine, Software):
            claimed = {machine.arithmetic.dtype: machine.arithmetic}
            self.capabilities = replace(Emulated.capabilities, arithmetic=claimed)

    def one_of(self, *ways: Callable[[], Array]) -> Array:
        return ways[self.rng.integers(len(ways))]()

    # Forward.

    def run(self, case: Case) -> Outputs:
        with np.errstate(all="ignore"):
            runs = [self.taped(case, k) for k in range(len(case.parameters))]
            outputs = [self.outputs_of(case, k, states).astype(case.dtype) for k, (_, states) in enumerate(runs)]
            finals = tuple(self.machine.shown(states[-1]).astype(case.dtype) for _, states in runs)
            if case.merge is None:
                return Outputs(outputs[0], finals[0])
            return Outputs(self.merged(case.merge, *outputs), finals)

    def taped(self, case: Case, direction: int) -> tuple[dict[int, Step], list[Array]]:
        """The steps by their times, and the states in processing order from the initial one on."""
        w = self.weights_of(case, direction)
        states, steps = [self.machine.read(case.starts[direction])], {}
        for t in order(case, direction):
            counts = case.valid[:, t, None]
            x = self.machine.read(np.where(counts, case.inputs[:, t], 0).astype(case.dtype))
            steps[t] = self.step_of(counts, x, states[-1], w, case.reset)
            states.append(np.where(counts, self.blended(steps[t]), states[-1]))
        return steps, states

    def weights_of(self, case: Case, direction: int) -> Weights:
        p = case.parameters[direction]
        return Weights(*([self.machine.read(g) for g in part] for part in (p.kernel, p.recurrent_kernel, *p.bias)))

    def step_of(self, counts: Array, x: Array, h: Array, w: Weights, reset: str) -> Step:
        m = self.machine
        a_z = self.pre_activation(x, h, w, 0)
        r = v = s = None
        if reset == "none":
            a_n = self.pre_activation(x, h, w, 1)
        else:
            r = m.sigma(self.pre_activation(x, h, w, 1))
        if reset == "before":
            s = m.multiply(r, h)
            a_n = self.pre_activation(x, s, w, 2)
        if reset == "after":
            v = m.products([(h, w.U[2])], [_rows(w.c[2], h)])
            side, b, state = (x, w.W[2]), _rows(w.b[2], h), m.multiply(r, v)
            a_n = m.products([side], [b, state]) if m.one_sum else m.add(m.products([side], [b]), state)
        return Step(counts, x, h, m.sigma(a_z), m.sigma(-a_z), m.tanh(a_n), r, v, s)

    def pre_activation(self, x: Array, h: Array, w: Weights, gate: int) -> Array:
        m, b, c = self.machine, _rows(w.b[gate], h), _rows(w.c[gate], h)
        side, state = (x, w.W[gate]), (h, w.U[gate])
        if m.one_sum:
            return m.products([side, state], [b, c])
        if self.merges_biases:
            return m.add(m.products([side], [m.add(b, c)]), m.products([state]))
        return m.add(m.products([side], [b]), m.products([state], [c]))

    def complement(self, of: Step) -> Array:
        return of.keep if self.form.endswith(NEGATED) else self.machine.subtract(np.ones_like(of.z), of.z)

    def blended(self, of: Step) -> Array:
        m, s, (z, n, h) = self.machine, self.complement(of), (of.z, of.n, of.h)
        if self.form.startswith(PRODUCTS):
            return m.add(m.multiply(z, h), m.multiply(s, n))
        if self.form.startswith(STATE_FIRST):
            return m.add(h, m.multiply(s, m.subtract(n, h)))
        if self.form == CANDIDATE_FIRST:
            return m.add(n, m.multiply(z, m.subtract(h, n)))
        return m.add(m.subtract(n, m.multiply(z, n)), m.multiply(z, h))

    def outputs_of(self, case: Case, direction: int, states: list[Array]) -> Array:
        outputs = np.zeros((case.batch, case.time, case.units), states[0].dtype)
        visible = visible_steps(case, direction)
        for t, state in zip(order(case, direction), states[1:], strict=True):
            outputs[:, t] = np.where(visible[:, t, None], state, 0)
        return self.machine.shown(outputs)

    # Backward.

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        m = self.machine
        with np.errstate(all="ignore"):
            runs = [self.taped(case, k) for k in range(len(case.parameters))]
            finals = [cotangents.final_state] if case.merge is None else cotangents.final_state
            parts = [
                self.back_through_time(case, k, runs[k][0], d_outputs, m.handed_on(finals[k]))
                for k, d_outputs in enumerate(self.unmerged(case, cotangents.outputs, runs))
            ]
            inputs = np.zeros(case.inputs.shape, parts[0][1][0].dtype)
            for t in range(case.time):
                inputs[:, t] = m.gather([term for terms, _ in parts for term in terms[t]])
            others = [tuple(map(m.returned, other)) for _, other in parts]
            return Gradients(m.returned(inputs), *(others[0] if case.merge is None else zip(*others, strict=True)))

    def unmerged(self, case: Case, d: Any, runs: list[tuple[dict[int, Step], list[Array]]]) -> list[Array]:
        m = self.machine
        if case.merge in ("apart", "concat"):
            return [m.handed_on(part) for part in (d if case.merge == "apart" else np.split(d, 2, axis=-1))]
        d = m.handed_on(d)
        if case.merge == "mul":
            outputs = [self.outputs_of(case, k, states) for k, (_, states) in enumerate(runs)]
            return [m.multiply(d, other) for other in reversed(outputs)]
        half = m.multiply(d, np.full_like(d, 0.5))
        return {None: [d], "sum": [d, d], "ave": [half, half]}[case.merge]

    def back_through_time(
        self, case: Case, direction: int, steps: dict[int, Step], d_outputs: Array, d_final: Array
    ) -> tuple[list[list[Array]], tuple[Array, ...]]:
        """The terms of the gradient to the inputs at each time, and the other gradients."""
        m, w, visible = self.machine, self.weights_of(case, direction), visible_steps(case, direction)
        pending = [d_final]
        inputs: list[list[Array]] = [[] for _ in range(case.time)]
        found: list[tuple[Step, Pulled]] = []
        for t in reversed(order(case, direction)):
            pending.append(np.where(visible[:, t, None], d_outputs[:, t], 0))
            step, dh = steps[t], m.gather(pending)
            pulled = self.pull(step, np.where(step.counts, dh, 0), w)
            pending = [np.where(step.counts, term, 0) for term in pulled.terms] + [np.where(step.counts, 0, dh)]
            sides = self.together([(d, W.T) for d, W in zip(pulled.by_x, w.W, strict=True)])
            inputs[t] = [np.where(step.counts, term, 0) for term in sides]
            found.append((step, pulled))
        return inputs, (m.gather(pending), *self.weight_gradients(case, found))

    def together(self, pairs: list[Pair]) -> list[Array]:
        """Products as one sum, or each separately."""
        if self.rng.random() < 0.5:
            return [self.machine.products(pairs)]
        return [self.machine.products([pair]) for pair in pairs]

    def pull(self, of: Step, dh: Array, w: Weights) -> Pulled:
        """The cotangent of the next state, pulled back to everything that the step read."""
        m = self.machine
        da_z, dn, terms = self.pull_blend(of, dh)
        da_n = self.pull_tanh(of.n, dn)
        if of.s is not None:
            ds = m.products([(da_n, w.U[2].T)])
            gates = [da_z, self.pull_reset(of, ds, of.h), da_n]
            products = self.together([(d, U.T) for d, U in zip(gates[:2], w.U[:2], strict=True)])
            return Pulled(gates, gates, [*terms, m.multiply(ds, of.r), *products])
        if of.v is not None:
            da_r = self.pull_reset(of, da_n, of.v)
            by_x, by_h = [da_z, da_r, da_n], [da_z, da_r, m.multiply(da_n, of.r)]
        else:
            by_x = by_h = [da_z, da_n]
        return Pulled(by_x, by_h, [*terms, *self.together([(d, U.T) for d, U in zip(by_h, w.U, strict=True)])])

    def pull_blend(self, of: Step, dh: Array) -> tuple[Array, Array, list[Array]]:
        """The cotangents of the update gate's pre-activation and of the candidate, and the terms of the state's
        cotangent.
        """
        m, s, (z, n, h) = self.machine, self.complement(of), (of.z, of.n, of.h)
        through_z, through_s = m.multiply(dh, z), m.multiply(dh, s)
        if self.form == PRODUCTS + NEGATED:
            ways = (self.pull_update(gate, m.multiply(dh, value)) for gate, value in ((z, h), (s, n)))
            return m.subtract(*ways), through_s, [through_z]
        if self.form in (PRODUCTS, THREE_TERMS):
            dz = m.subtract(m.multiply(dh, h), m.multiply(dh, n))
        else:
            dz = m.multiply(dh, m.subtract(h, n))
        da_z = self.pull_update(s if self.form.endswith(NEGATED) else z, dz)
        if self.form.startswith(STATE_FIRST):
            return da_z, through_s, [dh, -through_s]
        return da_z, through_s if self.form == PRODUCTS else m.subtract(dh, through_z), [through_z]

    def pull_update(self, z: Array, dz: Array) -> Array:
        """Pull back through the update gate, or through its complement."""
        return self.pull_sigma(z, dz)

    def pull_reset(self, of: Step, d: Array, scaled: Array) -> Array:
        """Pull back through the reset gate, from the cotangent of its product."""
        return self.pull_sigma(of.r, self.machine.multiply(d, scaled))

    def pull_sigma(self, z: Array, d: Array) -> Array:
        m = self.machine
        s = m.subtract(np.ones_like(z), z)
        return self.one_of(
            lambda: m.multiply(d, m.multiply(z, s)),
            lambda: m.multiply(d, m.subtract(z, m.multiply(z, z))),
            lambda: m.multiply(m.multiply(d, s), z),
            lambda: m.multiply(m.multiply(d, z), s),
        )

    def pull_tanh(self, n: Array, d: Array) -> Array:
        m, one = self.machine, np.ones_like(n)
        return self.one_of(
            lambda: m.multiply(d, m.subtract(one, m.multiply(n, n))),
            lambda: m.multiply(d, m.multiply(m.subtract(one, n), m.add(one, n))),
            lambda: m.multiply(m.add(d, m.multiply(d, n)), m.subtract(one, n)),
        )

    def weight_gradients(self, case: Case, found: list[tuple[Step, Pulled]]) -> tuple[Array, ...]:
        """The gradients of kernel, recurrent kernel and bias."""
        p, m = case.parameters[0], self.machine
        if not found:
            return tuple(np.zeros_like(m.read(part)) for part in (p.kernel, p.recurrent_kernel, p.bias))
        gates = range(len(p.kernel))
        kernel = [self.over_steps([(step.x, pulled.by_x[g]) for step, pulled in found]) for g in gates]
        seen = [[step.s if g == 2 and step.s is not None else step.h for step, _ in found] for g in gates]
        recurrent = [
            self.over_steps([(h, pulled.by_h[g]) for h, (_, pulled) in zip(seen[g], found, strict=True)]) for g in gates
        ]
        sides = [[pulled.by_x for _, pulled in found], [pulled.by_h for _, pulled in found]]
        bias = [[m.total(np.concatenate([gate[g] for gate in side])) for g in gates] for side in sides]
        return np.stack(kernel), np.stack(recurrent), np.array(bias)

    def over_steps(self, pairs: list[Pair]) -> Array:
        """The product left^T @ right over all rows and steps, in one sum or as a sum of each step's."""
        m = self.machine
        if self.rng.random() < 0.5:
            left, right = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
            return m.products([(left.T, right)])
        return m.gather([m.products([(left.T, right)]) for left, right in pairs])


class Scaled(Emulated):
    """The specification's gradients, off by a factor."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return Gradients(*(part * part.dtype.type(self.factor) for part in super().gradients(case, cotangents)))


def _rows(bias: Array, h: Array) -> Array:
    return np.broadcast_to(bias, (len(h), bias.shape[-1]))


def native(seed: int, gru: type[AnyOrder] = AnyOrder, form: str | None = None) -> AnyOrder:
    """A GRU in a case's own format."""
    return gru(Native(np.random.default_rng(seed)), form)


def software(arithmetic: Arithmetic, seed: int, form: str | None = None, **options: str) -> AnyOrder:
    """A GRU in any class; options as for Software."""
    return AnyOrder(Software(arithmetic, np.random.default_rng(seed), **options), form)
