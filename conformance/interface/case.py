"""Cases and answers: one input to a GRU in exact machine numbers, and the GRU's output.

Every part of the suite uses cases. Hypothesis draws them, and a report prints one as a line of text that restores the
same numbers bit for bit (floating-point numbers as hexadecimal literals, NaN and infinities included).

Left out: formats that a Python float cannot hold exactly (longdouble).
"""

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from conformance.interface.arithmetic import DTYPES
from conformance.interface.numbers import InvalidCase, to_hex
from reference import Parameters

T = TypeVar("T")
WEIGHTS = ("kernel", "recurrent_kernel", "bias")
MERGES = ("concat", "sum", "mul", "ave", "apart")
POLICIES = {
    "carry": "the output at a masked step is the state reached so far",
    "zero": "the output at a masked step is 0",
    "zero-before-first": "the output at a masked step is 0 before the first valid step, even beside an initial state "
    "that is not 0, and the state reached so far after it",
}

COTANGENTS = ("all", "outputs", "final", "large", "small", "equal")
"""The kinds of cotangents: for all results of a run, for the outputs only, for the final states only, for all
results times 2^20, for all times 2^-40, and for all with one number for every output, as below a sum.
"""

OFFERED = ("carry", "zero")
"""The policies that the specification offers. Implementations with the third policy exist and can be judged."""


def each(function: Callable[[np.ndarray], Any], arrays: Any) -> Any:
    """Apply the function to every array in nested tuples and keep the tuples. None stays."""
    if arrays is None:
        return None
    if type(arrays) is np.ndarray:
        return function(arrays)
    parts = [each(function, part) for part in arrays]
    return type(arrays)(*parts) if hasattr(arrays, "_fields") else tuple(parts)


def cast(arrays: T, dtype: str) -> T:
    """Convert every array in nested tuples to another format, each number rounded once, and keep the tuples."""
    return each(lambda array: array.astype(dtype), arrays)


class Outputs(NamedTuple):
    """The answer of a GRU to a case.

    Attributes:
        outputs: The state at every step, an array (batch, time, units) of the case's dtype. With two directions it is
            aligned with the inputs' time: of width 2 units under "concat", a pair of arrays under "apart", otherwise of
            width units. None if the GRU does not return it.
        final_state: The state after the last valid step, an array (batch, units); with two directions a pair (forward,
            backward).

    Examples:
        >>> import numpy as np
        >>> from conformance import Outputs
        >>> Outputs(np.zeros((2, 5, 3)), np.zeros((2, 3))).final_state.shape
        (2, 3)
    """

    outputs: Any
    final_state: Any


class Gradients(NamedTuple):
    """The gradients of a case. With two directions every field but `inputs` is a pair (forward, backward).

    Attributes:
        inputs: An array (batch, time, input_dim); one array with two directions also, because both read it.
        initial_state: An array (batch, units). If the case has no initial state, it is the gradient to the zeros used.
        kernel: An array (gates, input_dim, units), gates in the order z, r, n.
        recurrent_kernel: An array (gates, units, units).
        bias: An array (2, gates, units): input biases, then recurrent biases.

    Examples:
        >>> from conformance import Gradients
        >>> Gradients._fields
        ('inputs', 'initial_state', 'kernel', 'recurrent_kernel', 'bias')
    """

    inputs: Any
    initial_state: Any
    kernel: Any
    recurrent_kernel: Any
    bias: Any


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """The inputs, parameters and options of one run.

    Attributes:
        inputs: An array (batch, time, input_dim) of float16, bfloat16, float32 or float64. Masked steps may hold any
            value.
        parameters: One `reference.Parameters` for one direction, two (forward, backward) for a bidirectional run.
        initial_state: None, or one array (batch, units) for each direction.
        lengths: None, or (batch,) integers from 0 to time. Excludes `mask`.
        mask: None, or (batch, time) booleans, True where a step counts. Excludes `lengths`.
        reverse: True scans time backwards (one direction only).
        merge: The way to join two directions, one of `MERGES`; None with one direction.
        masked_outputs: The policy for outputs at masked steps, a key of `POLICIES`.
        cotangent_kind: The cotangents for which gradients are computed, one of `COTANGENTS`.

    Raises:
        InvalidCase: If shapes, dtypes or options do not fit together. The message says which value was found and which
            was expected.

    Examples:
        >>> import numpy as np
        >>> from conformance import Case
        >>> from reference import Parameters
        >>> p = Parameters(np.ones((3, 2, 4)), np.ones((3, 4, 4)), np.zeros((2, 3, 4)), "after")
        >>> case = Case(inputs=np.ones((1, 5, 2)), parameters=(p,))
        >>> case.dtype, case.batch, case.time, case.units
        ('float64', 1, 5, 4)
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
        _require(directions in (1, 2), "parameters", f"{directions} elements", "one, or a pair (forward, backward)")
        first = self.parameters[0]
        inputs = self.inputs
        _require(inputs.ndim == 3, "inputs", f"shape {inputs.shape}", "(batch, time, input_dim)")
        _require(self.dtype in DTYPES, "inputs", f"dtype {self.dtype}", f"one of {', '.join(DTYPES)}")
        for p in self.parameters:
            _require(p.dtype == inputs.dtype, "parameters", f"dtype {p.dtype}", f"{inputs.dtype}, the dtype of inputs")
            _require(p.input_dim == inputs.shape[2], "parameters", f"input_dim {p.input_dim}", f"{inputs.shape[2]}")
            _require(
                (p.units, p.reset) == (first.units, first.reset),
                "parameters",
                "two sizes or resets",
                "the same units and reset in both directions",
            )
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
        """The name of the case's floating-point format."""
        return self.inputs.dtype.name

    @property
    def batch(self) -> int:
        """The number of rows."""
        return self.inputs.shape[0]

    @property
    def time(self) -> int:
        """The number of steps, including padding."""
        return self.inputs.shape[1]

    @property
    def units(self) -> int:
        """The width of the state."""
        return self.parameters[0].units

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each axis, by name."""
        return {"batch": self.batch, "time": self.time, "input_dim": self.inputs.shape[2], "units": self.units}

    @property
    def reset(self) -> str:
        """The position of the reset gate: "after", "before" or "none"."""
        return self.parameters[0].reset

    @property
    def valid(self) -> np.ndarray:
        """The valid steps, a (batch, time) array of booleans, from the mask or the lengths."""
        if self.mask is not None:
            return self.mask
        if self.lengths is not None:
            return np.arange(self.time) < self.lengths[:, None]
        return np.ones((self.batch, self.time), bool)

    @property
    def starts(self) -> tuple[np.ndarray, ...]:
        """The initial state of each direction; zeros if the case gives none."""
        if self.initial_state is not None:
            return self.initial_state
        return tuple(np.zeros((self.batch, self.units), self.inputs.dtype) for _ in self.parameters)

    @property
    def single(self) -> Parameters:
        """The parameters of a case with one direction."""
        (parameters,) = self.parameters
        return parameters

    def copy(self) -> "Case":
        """A case with its own arrays. Both cases share the parameters, which are read-only."""
        return replace(
            self,
            inputs=self.inputs.copy(),
            initial_state=None if self.initial_state is None else tuple(state.copy() for state in self.initial_state),
            lengths=None if self.lengths is None else self.lengths.copy(),
            mask=None if self.mask is None else self.mask.copy(),
        )

    def astype(self, dtype: str) -> "Case":
        """The case in another format, each number rounded once."""
        return replace(
            self,
            inputs=cast(self.inputs, dtype),
            parameters=tuple(Parameters(*cast(p.weights, dtype), p.reset) for p in self.parameters),
            initial_state=cast(self.initial_state, dtype),
        )

    def to_json(self, write: Callable[[np.ndarray], dict[str, Any]] = to_hex) -> dict[str, Any]:
        """The case as JSON values. `from_json` restores it bit for bit.

        write: converts an array; see numbers.py.
        """
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
        from conformance.interface.reading import case_of  # here, because that module makes cases

        return case_of(data)

    def to_text(self) -> str:
        """The case as one word, for a command line."""
        return base64.urlsafe_b64encode(zlib.compress(json.dumps(self.to_json()).encode(), 9)).decode()

    @staticmethod
    def from_text(text: str) -> "Case":
        """The case that a word written by `to_text` describes. Raises InvalidCase for any other text."""
        try:
            return Case.from_json(json.loads(zlib.decompress(base64.urlsafe_b64decode(text))))
        except InvalidCase:
            raise
        except (ValueError, zlib.error, RecursionError) as error:  # from base64, UTF-8 or JSON
            raise InvalidCase(
                f"this text is not a case: {error}; copy all of it from a report's 'again' line"
            ) from error


def _require(fact: bool, what: str, got: str, expected: str) -> None:
    if not fact:
        raise InvalidCase(f"{what}: got {got}, expected {expected}")
