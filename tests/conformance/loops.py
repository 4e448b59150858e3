"""A GRU in plain loops that subclasses can make wrong. It shares no code with the GRUs of the suite."""

from math import exp, tanh

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated


def sigma(a: float) -> float:
    """The logistic function, without overflow."""
    return 1 / (1 + exp(-a)) if a >= 0 else exp(a) / (1 + exp(a))


class Loops:
    """A GRU in plain loops. A subclass replaces some methods."""

    capabilities = Emulated.capabilities

    def run(self, case: Case) -> Outputs:
        """Run each direction, then merge."""
        case = self.read(case)
        ways = [case.reverse] if case.merge is None else [False, True]
        runs = [self.one(case, which, backwards) for which, backwards in enumerate(ways)]
        if case.merge is None:
            return self.answer(case, Outputs(*runs[0]))
        (a, last), (b, other) = runs
        return self.answer(case, Outputs(self.join(case.merge, a, b), (last, other)))

    def read(self, case):
        return case

    def answer(self, case, outputs):
        return outputs

    def join(self, merge, a, b):
        if merge == "apart":
            return a, b
        if merge == "concat":
            return np.concatenate((a, b), 2)
        return a * b if merge == "mul" else (a + b) * (0.5 if merge == "ave" else 1)

    def one(self, case, which, backwards):
        """Run one direction."""
        p = case.parameters[which]
        W, U, (b, c) = (np.array(a, dtype=float) for a in (p.kernel, p.recurrent_kernel, p.bias))
        W, U, b, c = self.weights(W, U, b, c)
        shown = np.zeros((case.batch, case.time, case.units), case.dtype)
        final = np.zeros((case.batch, case.units), case.dtype)
        for row in range(case.batch):
            h = self.begin(case, which, row)
            for t in self.times(case, backwards):
                if case.valid[row, t]:
                    h = self.step(case.inputs[row, t].astype(float), h, W, U, b, c, p.reset)
                    shown[row, t] = h
                elif case.masked_outputs == "carry":
                    shown[row, t] = h
            final[row] = h
        return shown, final

    def begin(self, case, which, row):
        if case.initial_state is None:
            return np.zeros(case.units)
        return case.initial_state[which][row].astype(float)

    def times(self, case, backwards):
        return list(range(case.time))[:: -1 if backwards else 1]

    def weights(self, W, U, b, c):
        return W, U, b, c

    def step(self, x, h, W, U, b, c, reset):
        """The next state of one row."""
        units = range(len(h))
        z = [
            self.gate(0, x @ W[0, :, k] + b[0, k] + self.seen(0, x, h, W, U, b, c) @ U[0, :, k] + c[0, k])
            for k in units
        ]
        if reset == "none":
            n = [self.candidate(x @ W[1, :, k] + b[1, k] + h @ U[1, :, k] + c[1, k]) for k in units]
        else:
            r = np.array([self.gate(1, x @ W[1, :, k] + b[1, k] + h @ U[1, :, k] + c[1, k]) for k in units])
            if reset == "before":
                n = [self.candidate(x @ W[2, :, k] + b[2, k] + (r * h) @ U[2, :, k] + c[2, k]) for k in units]
            else:
                n = [self.candidate(x @ W[2, :, k] + b[2, k] + r[k] * (h @ U[2, :, k] + c[2, k])) for k in units]
        return np.array([self.blend(z[k], h[k], n[k]) for k in units])

    def seen(self, gate, x, h, W, U, b, c):
        """The state that the update gate reads."""
        return h

    def gate(self, which, a):
        return sigma(a)

    def candidate(self, a):
        return tanh(a)

    def blend(self, z, h, n):
        return z * h + (1 - z) * n
