"""A whole GRU by hand, forward and backward. The makes replace parts of it: the product, sigma, the blend.

The derivative of a step follows the step and uses the same function for products. Nothing here is shared with the
specification. The walk through time, forward and backward, comes from conformance.mutants.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from conformance.mutants.backward import Backward
from reference import Parameters


class Parts(NamedTuple):
    """One step's gates, its candidate, and the recurrent part of the candidate before r (the state, with reset before).

    Shapes: (batch, units).
    """

    z: np.ndarray
    r: np.ndarray | None
    n: np.ndarray
    v: np.ndarray


class Hand(Backward):
    """One make. A subclass replaces parts, and its docstring describes them."""

    packages = ("numpy",)

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        """The next state."""
        parts = self.parts(x, h, p)
        return self.blend(parts.z, h, parts.n)

    def parts(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> Parts:
        """The gates and the candidate."""
        x_side = self.x_side(x, p)
        z = self.sigmoid(x_side[0] + self.recurrent(h, p, 0))
        if p.reset == "none":
            v = self.recurrent(h, p, 1)
            return Parts(z, None, self.tanh(x_side[1] + v), v)
        r = self.sigmoid(x_side[1] + self.recurrent(h, p, 1))
        if p.reset == "before":
            return Parts(z, r, self.tanh(x_side[2] + self.recurrent(r * h, p, 2)), h)
        v = self.recurrent(h, p, 2)
        return Parts(z, r, self.tanh(self.plus(x_side[2], r, v)), v)

    def x_side(self, x: np.ndarray, p: Parameters) -> Sequence[np.ndarray]:
        """The input part of every gate."""
        return [self.product(x, W) + b for W, b in zip(p.kernel, p.bias[0], strict=True)]

    def plus(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        """a + b c."""
        return a + b * c

    def pulled(self, dh: np.ndarray, x: np.ndarray, h: np.ndarray, p: Parameters) -> tuple[np.ndarray, ...]:
        """The cotangents of x, h, kernel, recurrent kernel and bias, from the cotangent of a step's new state."""
        z, r, n, v = self.parts(x, h, p)
        a_z, a_n = dh * (h - n) * z * (1 - z), dh * (1 - z) * (1 - n * n)
        back, read = dh * z, [h] * len(p.kernel)
        if r is None:
            x_side = h_side = [a_z, a_n]
        elif p.reset == "after":
            a_r = a_n * v * r * (1 - r)
            x_side, h_side = [a_z, a_r, a_n], [a_z, a_r, a_n * r]
        else:
            s = self.product(a_n, p.recurrent_kernel[2].T)
            x_side = h_side = [a_z, s * h * r * (1 - r), a_n]
            back, read = back + s * r, [h, h, r * h]
        for a, U in list(zip(h_side, p.recurrent_kernel, strict=True))[: 2 if p.reset == "before" else None]:
            back = back + self.product(a, U.T)
        return (
            np.sum([self.product(a, W.T) for a, W in zip(x_side, p.kernel, strict=True)], axis=0),
            back,
            np.stack([self.product(x.T, a) for a in x_side]),
            np.stack([self.product(rows.T, a) for rows, a in zip(read, h_side, strict=True)]),
            np.stack([[a.sum(0) for a in side] for side in (x_side, h_side)]),
        )
