"""A case: one question put to a GRU, in exact machine numbers; and the answer it gives.

A case serves everything: Hypothesis draws it, a report prints it as one line of text, and that line gives back the same
numbers bit for bit (floating-point values travel as hexadecimal literals, NaN and infinities included).
Left out: formats that a Python float cannot hold exactly (longdouble).
"""

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from conformance.interface.arithmetic import DTYPES
from conformance.interface.numbers import InvalidCase, to_hex
from reference import Parameters

WEIGHTS = ("kernel", "recurrent_kernel", "bias")
MERGES = ("concat", "sum", "mul", "ave", "apart")
POLICIES = {
    "carry": "the output at a masked step is the state reached so far",
    "zero": "the output at a masked step is 0",
    "zero-before-first": "the output at a masked step is 0 before the first valid step, even beside an initial state "
    "that is not 0, and the state reached so far after it",
}

COTANGENTS = ("all", "outputs", "final", "large")
"""Kinds of cotangents: of all that a run gives, of its outputs or final states alone, and of all, times 2^20."""

OFFERED = ("carry", "zero")
"""The policies that the specification offers; the other one exists, and can be judged."""


class Outputs(NamedTuple):
    """What a GRU answers. Shapes: outputs (batch, time, units), final_state (batch, units).

    Bidirectional: outputs (batch, time, units), twice as wide under "concat", a pair under "apart", aligned with the
    inputs' time; final_state a pair (forward, backward).
    """

    outputs: Any
    final_state: Any


class Gradients(NamedTuple):
    """The cotangents of a case's inputs (batch, time, input_dim), initial state (batch, units) and parameters.

    The parameters' are shaped like them: gates first. Two directions: inputs is one array, since both read it; each of
    the others is a pair (forward, backward). Where the case gives no initial state, the one of the zeros in its place.
    """

    inputs: Any
    initial_state: Any
    kernel: Any
    recurrent_kernel: Any
    bias: Any


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """Inputs, parameters and options of one run.

    inputs: (batch, time, input_dim), float16, float32 or float64; masked steps may hold anything.
    parameters: one for a single direction, two (forward, backward) for a bidirectional run.
    initial_state: None, or one array (batch, units) for each direction.
    lengths: None or (batch,) integers; mask: None or (batch, time) booleans; not both.
    reverse: scan time backwards (one direction only). merge: how two directions are joined, one of MERGES.
    masked_outputs: one of POLICIES. cotangent_kind: one of COTANGENTS, for which gradients are wanted where they are.
    """

    inputs: np.ndarray
    parameters: tuple[Parameters, ...]
    initial_state: tuple[np.ndarray, ...] | None = None
    lengths: np.ndarray | None = None
    mask: np.ndarray | None = None
    reverse: bool = False
    merge: str | None = None
    masked_outputs: str = "carry"
    cotangent_kind: str = "all"

    def __post_init__(self) -> None:
        directions = len(self.parameters)
        _require(directions in (1, 2), "parameters", f"{directions} of them", "one, or a pair (forward, backward)")
        first = self.parameters[0]
        inputs = self.inputs
        _require(inputs.ndim == 3, "inputs", f"shape {inputs.shape}", "(batch, time, input_dim)")
        _require(self.dtype in DTYPES, "inputs", f"dtype {self.dtype}", f"one of {', '.join(DTYPES)}")
        for p in self.parameters:
            _require(p.dtype == inputs.dtype, "parameters", f"dtype {p.dtype}", f"that of inputs, {inputs.dtype}")
            _require(p.input_dim == inputs.shape[2], "parameters", f"input_dim {p.input_dim}", f"{inputs.shape[2]}")
            _require((p.units, p.reset) == (first.units, first.reset), "parameters", "two kinds", "equal directions")
        if self.initial_state is not None:
            got = [state.shape for state in self.initial_state]
            wanted = [(self.batch, first.units)] * directions
            _require(got == wanted, "initial_state", f"shapes {got}", f"{wanted}, one array for each direction")
            kinds = {state.dtype for state in self.initial_state}
            _require(kinds == {inputs.dtype}, "initial_state", f"dtypes {kinds}", f"{inputs.dtype}")
        if self.lengths is not None:
            _require(self.mask is None, "mask and lengths", "both", "one of them")
            _require(self.lengths.shape == (self.batch,), "lengths", f"shape {self.lengths.shape}", f"({self.batch},)")
            whole = np.issubdtype(self.lengths.dtype, np.integer)
            _require(whole, "lengths", f"dtype {self.lengths.dtype}", "integers")
            inside = bool(np.all((self.lengths >= 0) & (self.lengths <= self.time)))
            _require(inside, "lengths", f"{self.lengths.tolist()}", f"integers from 0 to time, {self.time}")
        if self.mask is not None:
            wanted = (self.batch, self.time)
            _require(self.mask.shape == wanted, "mask", f"shape {self.mask.shape}", f"(batch, time) = {wanted}")
            _require(self.mask.dtype == np.bool_, "mask", f"dtype {self.mask.dtype}", "booleans")
        _require(type(self.reverse) is bool, "reverse", f"{self.reverse!r}", "True or False")
        _require(self.masked_outputs in POLICIES, "masked_outputs", self.masked_outputs, f"one of {list(POLICIES)}")
        _require(self.cotangent_kind in COTANGENTS, "cotangent_kind", self.cotangent_kind, f"one of {list(COTANGENTS)}")
        if directions == 2:
            _require(self.merge in MERGES, "merge", f"{self.merge}", f"one of {', '.join(MERGES)}")
            _require(not self.reverse, "reverse", "True with two directions", "False")
        else:
            _require(self.merge is None, "merge", f"{self.merge} with one direction", "None")

    @property
    def dtype(self) -> str:
        """The name of the format of every number in the case."""
        return self.inputs.dtype.name

    @property
    def batch(self) -> int:
        """The number of rows."""
        return self.inputs.shape[0]

    @property
    def time(self) -> int:
        """The number of steps, padding included."""
        return self.inputs.shape[1]

    @property
    def units(self) -> int:
        """The width of the state."""
        return self.parameters[0].units

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each axis."""
        return {"batch": self.batch, "time": self.time, "input_dim": self.inputs.shape[2], "units": self.units}

    @property
    def reset(self) -> str:
        """Where the reset gate acts: "after", "before" or "none"."""
        return self.parameters[0].reset

    @property
    def valid(self) -> np.ndarray:
        """Which steps count: (batch, time) booleans, whichever way the case says it."""
        if self.mask is not None:
            return self.mask
        if self.lengths is not None:
            return np.arange(self.time) < self.lengths[:, None]
        return np.ones((self.batch, self.time), bool)

    @property
    def starts(self) -> tuple[np.ndarray, ...]:
        """The initial state of each direction: zeros where the case gives none."""
        if self.initial_state is not None:
            return self.initial_state
        return tuple(np.zeros((self.batch, self.units), self.inputs.dtype) for _ in self.parameters)

    @property
    def single(self) -> Parameters:
        """The parameters of a case with one direction."""
        (parameters,) = self.parameters
        return parameters

    def copy(self) -> "Case":
        """The case with arrays of its own. Parameters cannot be written to, so both cases share them."""
        return replace(
            self,
            inputs=self.inputs.copy(),
            initial_state=None if self.initial_state is None else tuple(state.copy() for state in self.initial_state),
            lengths=None if self.lengths is None else self.lengths.copy(),
            mask=None if self.mask is None else self.mask.copy(),
        )

    def to_json(self, write: Callable[[np.ndarray], dict[str, Any]] = to_hex) -> dict[str, Any]:
        """The case as JSON values; from_json gives it back bit for bit. write: an array, as numbers.py does."""
        return {
            "dtype": self.dtype,
            "reset": self.reset,
            "inputs": write(self.inputs),
            "parameters": [{name: write(getattr(p, name)) for name in WEIGHTS} for p in self.parameters],
            "initial_state": None if self.initial_state is None else [write(state) for state in self.initial_state],
            "lengths": None if self.lengths is None else self.lengths.tolist(),
            "mask": None if self.mask is None else write(self.mask),
            "reverse": self.reverse,
            "merge": self.merge,
            "masked_outputs": self.masked_outputs,
            **({} if self.cotangent_kind == "all" else {"cotangent_kind": self.cotangent_kind}),
        }

    @staticmethod
    def from_json(data: Any) -> "Case":
        """The case that JSON values describe. Raises InvalidCase."""
        from conformance.interface.reading import case_of  # here, since it makes cases

        return case_of(data)

    def to_text(self) -> str:
        """The case in one word, for a command line."""
        return base64.urlsafe_b64encode(zlib.compress(json.dumps(self.to_json()).encode(), 9)).decode()

    @staticmethod
    def from_text(text: str) -> "Case":
        """The case that to_text wrote. Raises InvalidCase for anything else."""
        try:
            return Case.from_json(json.loads(zlib.decompress(base64.urlsafe_b64decode(text))))
        except InvalidCase:
            raise
        except (ValueError, zlib.error, RecursionError) as error:  # of base64, UTF-8, JSON
            raise InvalidCase(f"this text is no case: {error}; copy it whole from a report's 'again' line") from error


def _require(fact: bool, what: str, got: str, expected: str) -> None:
    if not fact:
        raise InvalidCase(f"{what}: got {got}, expected {expected}")
