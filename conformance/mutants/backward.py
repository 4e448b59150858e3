"""An honest backward pass in small parts that can be replaced, from which wrong gradients deviate.

It is back-propagation through time over the steps of Emulated. The quantities of a step are computed again when it is
pulled back.

Source: Werbos 1990, "Backpropagation through time: what it does and how to do it".
"""

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs
from conformance.mutants.emulated import Emulated
from reference import Parameters


class Backward(Emulated):
    """Gradients for every kind of case. A subclass replaces one method."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """The gradients of each direction, from its part of the cotangents."""
        finals = (cotangents.final_state,) if case.merge is None else cotangents.final_state
        with np.errstate(all="ignore"):
            given = zip(self.unmerged(case, cotangents.outputs), finals, strict=True)
            parts = [self.through_time(case, direction, *of_one) for direction, of_one in enumerate(given)]
        if case.merge is None:
            return parts[0]
        forward, backward = parts
        return Gradients(forward.inputs + backward.inputs, *zip(forward[1:], backward[1:], strict=True))

    def unmerged(self, case: Case, d: np.ndarray) -> tuple[np.ndarray, ...]:
        """The cotangents of each direction's outputs, from the cotangents of the merged outputs."""
        if case.merge == "mul":
            forward, backward = (self.direction(case, direction)[0] for direction in (0, 1))
            return d * backward, d * forward
        parts = {
            None: lambda: (d,),
            "apart": lambda: tuple(d),
            "concat": lambda: tuple(np.split(d, 2, axis=-1)),
            "sum": lambda: (d, d),
            "ave": lambda: (d / 2, d / 2),
        }
        return parts[case.merge]()

    def through_time(self, case: Case, direction: int, d_outputs: np.ndarray, dh: np.ndarray) -> Gradients:
        """The gradients of one direction, from the cotangents of its outputs and of its final state."""
        p = self.parameters(case, direction)
        d_inputs = np.zeros_like(case.inputs)
        sums = [np.zeros_like(array) for array in p.weights]
        for pulled, (t, h) in enumerate(reversed(self.states(case, direction))):
            counts = case.valid[:, t, None]
            dh = dh + np.where(counts | (case.masked_outputs == "carry"), d_outputs[:, t], 0)
            x = np.where(counts, case.inputs[:, t], 0)
            d_inputs[:, t], before, *weights = self.pulled(np.where(counts, dh, 0), x, h, p)
            dh = self.handed_on(counts, before, dh, pulled)
            sums = [total + part for total, part in zip(sums, weights, strict=True)]
        return Gradients(d_inputs, dh, *sums)

    def states(self, case: Case, direction: int) -> list[tuple[int, np.ndarray]]:
        """The times in processing order, each with the state before it."""
        backwards = case.reverse or direction == 1
        h = self.start(case, direction)
        states: list[tuple[int, np.ndarray]] = []
        for t in self.order(case, backwards):
            states.append((t, h))
            new = self.step(case.inputs[:, t], h, self.parameters(case, direction))
            h = self.select(case.valid[:, t, None], new, h)
        return states

    def handed_on(self, counts: np.ndarray, before: np.ndarray, dh: np.ndarray, pulled: int) -> np.ndarray:
        """The cotangent of the state before a step. pulled: the number of steps pulled back before this one."""
        return np.where(counts, before, dh)

    def pulled(self, dh: np.ndarray, x: np.ndarray, h: np.ndarray, p: Parameters) -> tuple[np.ndarray, ...]:
        """The cotangents of x, h, kernel, recurrent kernel and bias, from the cotangent of a step's new state."""
        W, U, (b, c) = p.kernel, p.recurrent_kernel, p.bias
        z = self.sigmoid(x @ W[0] + b[0] + (h @ U[0] + c[0]))
        r = np.ones_like(z) if p.reset == "none" else self.sigmoid(x @ W[1] + b[1] + (h @ U[1] + c[1]))
        inside, outside = (r if p.reset == place else np.ones_like(r) for place in ("before", "after"))
        side = (inside * h) @ U[-1] + c[-1]
        n = self.tanh(x @ W[-1] + b[-1] + outside * side)

        da_n = dh * (1 - z) * self.tanh_slope(n)
        d_seen = (da_n * outside) @ U[-1].T
        da_r = (d_seen * h if p.reset == "before" else da_n * side) * r * (1 - r)
        da_z = dh * (h - n) * z * (1 - z)
        gates = [0, 2] if p.reset == "none" else [0, 1, 2]
        da_x = self.at_gates(np.stack([da_z, da_r, da_n])[gates])
        da_h = np.concatenate([da_x[:-1], da_x[-1:] * outside])
        seen = np.stack([h, h, inside * h])[gates]
        dh = self.kept(dh, z) + (da_h[:-1] @ U[:-1].transpose(0, 2, 1)).sum(axis=0) + d_seen * inside
        dx = (da_x @ W.transpose(0, 2, 1)).sum(axis=0)
        return dx, dh, x.T @ da_x, seen.transpose(0, 2, 1) @ da_h, np.stack([da_x.sum(axis=1), da_h.sum(axis=1)])

    def at_gates(self, da: np.ndarray) -> np.ndarray:
        """The cotangents of the gates' arguments, gates first."""
        return da

    def kept(self, dh: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The part of the cotangent that the update gate passes on directly."""
        return dh * z

    def tanh_slope(self, n: np.ndarray) -> np.ndarray:
        """The derivative of tanh, from its value."""
        return 1 - n * n
