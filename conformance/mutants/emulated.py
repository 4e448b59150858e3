"""An honest GRU in small parts that can be replaced. Each mutant deviates from it in one place.

It uses NumPy in the case's own format. Its form serves replacement, not reading: the specification is in reference/.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.adapters.reference import Reference
from conformance.diagnosis.catalogue import MISTAKES
from conformance.interface.case import Case, Outputs
from reference import Parameters


class Emulated(Reference):
    """An honest GRU with every capability, in NumPy's own formats. A subclass replaces one method."""

    capabilities = replace(
        Reference.capabilities,
        arithmetic={name: claim for name, claim in Reference.capabilities.arithmetic.items() if name != "bfloat16"},
    )
    link = ""
    """A public thread about the same mistake."""

    def __init_subclass__(cls) -> None:
        """Take the sentence and the link from the catalogue's entry of this name, if there is one."""
        super().__init_subclass__()
        if known := MISTAKES.get(cls.__name__):
            cls.link = known.link
            cls.__doc__ = "\n\n".join(filter(None, (known.sentence, cls.__doc__)))

    @property
    def name(self) -> str:
        """The name after `conformance.mutants:`."""
        return type(self).__name__

    @property
    def sentence(self) -> str:
        """The mistake in a sentence; then the proof, if no clause detects it."""
        return (type(self).__doc__ or "").strip()

    def run(self, case: Case) -> Outputs:
        """Run each direction, then merge."""
        with np.errstate(all="ignore"):
            runs = [self.direction(case, direction) for direction in range(len(case.parameters))]
            if case.merge is None:
                return Outputs(*runs[0])
            (forward, final), (backward, other) = runs
            return Outputs(self.merged(case.merge, forward, backward), (final, other))

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        """Outputs and final state of one direction."""
        backwards = case.reverse or direction == 1
        p = self.parameters(case, direction)
        h = start = self.start(case, direction)
        valid = self.valid(case, backwards)
        outputs = np.zeros((case.batch, case.time, case.units), case.dtype)
        for t in self.order(case, backwards):
            counts = valid[:, t, None]
            h = self.select(counts, self.step(case.inputs[:, t], h, p), h)
            outputs[:, t] = self.output(case, h, counts, start)
        return self.aligned(case, outputs, backwards), self.final(case, outputs, h)

    def parameters(self, case: Case, direction: int) -> Parameters:
        """The weights that a direction uses."""
        return case.parameters[direction]

    def start(self, case: Case, direction: int) -> np.ndarray:
        """The initial state of a direction."""
        return case.starts[direction]

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        """The valid steps."""
        return case.valid

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        """The times in processing order."""
        return range(case.time)[::-1] if backwards else range(case.time)

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """The new state where the step counts, else the old one."""
        return np.where(counts, new, old)

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        """The output at this step."""
        return np.where(counts | (case.masked_outputs == "carry"), h, 0).astype(h.dtype)

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        """The outputs aligned with the inputs' time."""
        return outputs

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        """The final state."""
        return h

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        """The merged outputs of both directions."""
        joined = {
            "concat": lambda: np.concatenate([forward, backward], axis=-1),
            "sum": lambda: forward + backward,
            "mul": lambda: forward * backward,
            "ave": lambda: (forward + backward) / 2,
            "apart": lambda: (forward, backward),
        }
        return joined[merge]()

    # One step.

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        """The next state."""
        x_side = [self.product(x, W) + b for W, b in zip(self.kernel(p), self.bias(p)[0], strict=True)]
        z = self.sigmoid(x_side[0] + self.recurrent(h, p, 0))
        n = self.tanh(self.candidate(x_side, h, p))
        return self.blend(z, h, n)

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        """The candidate's pre-activation."""
        if p.reset == "none":
            return x_side[1] + self.recurrent(h, p, 1)
        r = self.reset(x_side, h, p)
        if p.reset == "before":
            return x_side[2] + self.recurrent(r * h, p, 2)
        return x_side[2] + r * self.recurrent(h, p, 2)

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        """The reset gate."""
        return self.sigmoid(x_side[1] + self.recurrent(h, p, 1))

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        """The recurrent side of a gate."""
        return self.product(h, self.recurrent_kernel(p)[gate]) + self.bias(p)[1, gate]

    def kernel(self, p: Parameters) -> np.ndarray:
        """Input weights, gates first."""
        return p.kernel

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        """State weights, gates first."""
        return p.recurrent_kernel

    def bias(self, p: Parameters) -> np.ndarray:
        """The input bias and the recurrent bias, gates first in each."""
        return p.bias

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """A matrix product."""
        return a @ b

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        """The logistic function."""
        e = np.exp(-np.abs(a))
        return np.where(a >= 0, np.ones_like(e), e) / (1 + e)

    def tanh(self, a: np.ndarray) -> np.ndarray:
        """The hyperbolic tangent."""
        return np.tanh(a)

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        """The blend of the old state and the candidate."""
        return z * h + (1 - z) * n
