"""An honest GRU with a few more places to deviate from than Emulated has; and helpers of the wrong ones."""

from collections.abc import Iterable

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated
from reference import Parameters


def padded(case: Case) -> bool:
    """True if the case gives lengths or a mask."""
    return case.mask is not None or case.lengths is not None


class Wrong(Emulated):
    """A subclass replaces one method, or more. It has a kind."""

    kind = ""
    case: Case

    def run(self, case: Case) -> Outputs:
        self.case = case
        return super().run(case)

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.case, self.which = case, direction
        self.backwards = backwards = case.reverse or direction == 1
        p = self.p = self.parameters(case, direction)
        h = start = self.start(case, direction)
        valid = self.valid(case, backwards)
        outputs = np.zeros((case.batch, case.time, case.units), case.dtype)
        times = self.times = list(self.order(case, backwards))
        for i, t in enumerate(times):
            counts = valid[:, t, None]
            h = self.carried(case, h, i)
            x = self.input(case, i, t)
            h = self.select(counts, self.after(x, h, self.step(x, h, p), i), h)
            outputs[:, t] = self.output(case, h, counts, start)
        return self.aligned(case, outputs, backwards), self.final(case, outputs, h)

    def carried(self, case: Case, h: np.ndarray, i: int) -> np.ndarray:
        """The state that step i starts from."""
        return h

    def input(self, case: Case, i: int, t: int) -> np.ndarray:
        """The input of step i, which is at time t."""
        return case.inputs[:, t]

    def after(self, x: np.ndarray, h: np.ndarray, new: np.ndarray, i: int) -> np.ndarray:
        """The new state of step i, from the old one."""
        return new

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return range(case.time)[::-1] if backwards else range(case.time)


class Windowed(Wrong):
    """All times at once, by as many sweeps as a window has steps."""

    def windowed(
        self, case: Case, direction: int, width: int, first: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Every state from the `width` steps before it, which start from `first` (zeros where None); no padding."""
        p, h0 = case.parameters[direction], case.starts[direction]
        backwards = case.reverse or direction == 1
        x = case.inputs[:, ::-1] if backwards else case.inputs
        guess = np.zeros_like(h0) if first is None else first
        states = np.repeat(guess[:, None], case.time, axis=1)
        for _ in range(width):
            before = np.concatenate([h0[:, None], states[:, :-1]], axis=1)
            states = self.step(x.reshape(-1, case.inputs.shape[2]), before.reshape(-1, case.units), p).reshape(
                states.shape
            )
        final = states[:, -1]
        return (states[:, ::-1] if backwards else states).copy(), final.copy()


def with_bias(p: Parameters, bias: np.ndarray) -> Parameters:
    """The same weights with another bias."""
    return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)
