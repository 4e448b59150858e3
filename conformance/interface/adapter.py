"""Adapters: the interface between the suite and a GRU.

An adapter is any object with `run(case) -> Outputs` and `capabilities`. `Adapter` makes one from a function. The suite
judges every capability that the adapter declares. It reports all others as *declined*, with the reason; a declined
clause never counts as a pass.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import MERGES, POLICIES, Case, Gradients, Outputs
from conformance.interface.printable import printable
from conformance.interface.type_guards import is_list, is_tuple

RESETS = ("after", "before", "none")


class UsageError(ValueError):
    """The user named something that does not exist or is not an adapter. The message tells what to do."""


class SubjectError(RuntimeError):
    """The subject raised an exception, or returned something that is not an answer."""


class Malformed(SubjectError):
    """The subject returned an answer of the wrong type, shape or format."""


class Declined(SubjectError):
    """The subject does not support this case. The message is the reason.

    `run` and `gradients` raise it. The clause is then declined, unless another of its cases fails.

    Examples:
        >>> from conformance import Declined
        >>> def run(case):
        ...     if case.units % 8:
        ...         raise Declined("units must be a multiple of 8")
    """


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """Everything that a GRU supports. All beyond one forward direction and NaN is off by default.

    Attributes:
        arithmetic: The claimed arithmetic of each dtype ("float16", "bfloat16", "float32", "float64").
        resets: Positions of the reset gate: "after", "before", "none".
        outputs: True if the GRU returns the state at every step. Otherwise `run` returns `Outputs(None, final_state)`,
            and the bound of the whole run judges the final states.
        initial_state: True if the GRU accepts an initial state.
        lengths: True if rows may be right-padded, each with at least one step.
        zero_length: True if a row may have no step.
        masks: True if any boolean mask is allowed.
        masked_outputs: Supported policies for outputs at masked steps, names in `case.POLICIES`.
        reverse: True if the GRU can scan time backwards.
        merges: Supported ways to join two directions, names in `case.MERGES`; empty means one direction only.
        bidirectional_masked_outputs: Supported policies for masked outputs with two directions.
        zero_time: True if sequences may have no step at all.
        zero_batch: True if a batch may have no row.
        nan: True if a NaN in the inputs stays NaN; False for code that assumes that there is none (`-ffast-math`).
        threads: True if two threads may call the adapter at once.
        gradients: True if the adapter has `gradients(case, cotangents)`.
        compiles_per_shape: True if a new shape is expensive; the suite then uses few shapes.
        because: Reasons for what the GRU does not support. Keys are names of attributes, formats, or "reset before" and
            the like.

    Raises:
        UsageError: If a value is not one of those above. The message names the attribute.

    Examples:
        >>> from conformance import Arithmetic, Capabilities
        >>> claim = Arithmetic(dtype="float32", activation="4 ULP", source="measured with `probe`")
        >>> Capabilities(arithmetic={"float32": claim}, lengths=True).masks
        False
    """

    arithmetic: Mapping[str, Arithmetic]
    resets: tuple[str, ...] = ("after",)
    outputs: bool = True
    initial_state: bool = True
    lengths: bool = False
    zero_length: bool = False
    masks: bool = False
    masked_outputs: tuple[str, ...] = ("carry",)
    reverse: bool = False
    merges: tuple[str, ...] = ()
    bidirectional_masked_outputs: tuple[str, ...] = ()
    zero_time: bool = False
    zero_batch: bool = False
    nan: bool = True
    threads: bool = False
    gradients: bool = False
    compiles_per_shape: bool = False
    because: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self) if each.type is bool):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"capabilities.{name} is {getattr(self, name)!r}, but must be True or False")
        for name in ("arithmetic", "because"):
            if not isinstance(getattr(self, name), Mapping):
                raise UsageError(f"capabilities.{name} is {getattr(self, name)!r}, but must be a mapping")
        for name, allowed in (
            ("resets", RESETS),
            ("merges", MERGES),
            ("masked_outputs", tuple(POLICIES)),
            ("bidirectional_masked_outputs", tuple(POLICIES)),
        ):
            given: Any = getattr(self, name)
            if not (is_tuple(given) or is_list(given)):
                raise UsageError(f"capabilities.{name} is {given!r}, but must be a tuple of names")
            unknown = [value for value in given if value not in allowed]
            if unknown:
                raise UsageError(f"capabilities.{name} has {unknown}; allowed are {', '.join(allowed)}")
            if len(set(given)) != len(given):
                raise UsageError(f"capabilities.{name} is {given!r}; name each value once")
        for name in ("resets", "masked_outputs"):
            if not getattr(self, name):
                raise UsageError(f"capabilities.{name} is empty; name at least one")
        for dtype, claim in self.arithmetic.items():
            if getattr(claim, "dtype", None) != dtype:
                raise UsageError(f"capabilities.arithmetic[{dtype!r}] is {claim!r}, not an Arithmetic of {dtype}")

    def __hash__(self) -> int:
        return hash(repr(self))  # mappings are not hashable

    def lacks(self, what: str) -> str:
        """The reason why the suite skips a capability: it is not declared, and the adapter's own reason if there is
        one.
        """
        because = self.because.get(what)
        return f"does not declare {what}" + (f": {because}" if because else "")


class GRU(Protocol):
    """The protocol of a subject. The suite calls `gradients` only if the subject declares them."""

    @property
    def capabilities(self) -> Capabilities:
        """Everything that the GRU supports."""
        ...

    def run(self, case: Case, /) -> Outputs:
        """Compute the outputs of a case."""
        ...


@dataclass(frozen=True, eq=False)
class Adapter:
    """A function with its capabilities, as a subject of the suite.

    Attributes:
        run: Computes the `Outputs` of a `Case`.
        capabilities: Everything that the GRU supports.
        gradients: Computes the `Gradients` of a case from the cotangents of its outputs; None if the GRU has none.

    Examples:
        >>> from conformance import Adapter, Arithmetic, Capabilities, Outputs
        >>> from reference import gru
        >>> def run(case):
        ...     result = gru(case.inputs, case.single, None if case.initial_state is None else case.initial_state[0])
        ...     return Outputs(result.outputs, result.final_state)
        >>> claim = Arithmetic(dtype="float64", activation="4 ULP", source="NumPy")
        >>> my_gru = Adapter(run=run, capabilities=Capabilities(arithmetic={"float64": claim}))
    """

    run: Callable[[Case], Outputs]
    capabilities: Capabilities
    gradients: Callable[[Case, Outputs], Gradients] | None = None


def resolve(name: str, declares: bool = True) -> GRU:
    """Import the adapter that "module:attribute" names, and call it if it is a class or a function without `run`.

    Args:
        name: The module and its attribute, joined by a colon.
        declares: True if the adapter must have capabilities; False if a method `run` is enough.

    Returns:
        The adapter.

    Raises:
        UsageError: If the module or the attribute does not exist, importing it fails, or the object is not an adapter.
            The message tells what to do.
    """
    module, colon, attribute = name.partition(":")
    if not (colon and module and attribute):
        dotted = ":".join(name.rsplit(".", 1)) if "." in name else f"{name or 'module'}:gru"
        todo = "name a module and an attribute of it" if colon else f"did you mean {dotted!r}?"
        raise UsageError(f"{name!r} is neither a registered name nor module:attribute; {todo}")
    if not all(part.isidentifier() for part in (*module.split("."), *attribute.split("."))):
        raise UsageError(f"{name!r} is not well formed: expected module:attribute")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        ours = module == missing or module.startswith(missing + ".")
        todo = "check its spelling and sys.path" if ours else f"install what provides {missing!r}"
        raise UsageError(f"{name!r}: no module named {missing!r}; {todo}") from error
    except UsageError as error:
        raise UsageError(f"{name!r}: {error}") from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"{name!r}: importing {module!r} raised {_one_line(error)}") from error
    for part in attribute.split("."):
        found = _attribute(found, name, part, default=ABSENT)
        if found is ABSENT:
            raise UsageError(f"{name!r}: the module {module!r} has no attribute {attribute!r}")
    if isinstance(found, type) or (callable(found) and _attribute(found, name, "run") is None):
        try:
            found = found()
        except (Exception, SystemExit) as error:
            raise UsageError(f"{name!r}: calling it to get an adapter raised {_one_line(error)}") from error
    return accepted(found, name) if declares else runnable(found, name)


ABSENT = object()
"""Marks a missing attribute, because None could be the value of one."""

REMEDY = "add run(case) -> Outputs and capabilities, or wrap a function in conformance.interface.adapter.Adapter"


def runnable(found: Any, name: str) -> Any:
    """Return found if it has a method `run`. Raises UsageError."""
    if not callable(_attribute(found, name, "run")):
        raise UsageError(
            f"{name!r} is a {type(found).__name__} without a method run, so it is not an adapter; {REMEDY}"
        )
    return found


def _attribute(found: Any, name: str, attribute: str, default: Any = None) -> Any:
    """Read an attribute of a user's object, or return the default. Raises UsageError if reading it raises."""
    try:
        return getattr(found, attribute, default)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{name!r}: reading its attribute {attribute!r} raised {_one_line(error)}") from error


def accepted(found: Any, name: str) -> GRU:
    """Return found if it is an adapter. Raises UsageError, which names the missing part."""
    runnable(found, name)
    capabilities = _attribute(found, name, "capabilities")
    if not isinstance(capabilities, Capabilities):
        raise UsageError(f"{name!r}: capabilities is {capabilities!r}, but must be a Capabilities; {REMEDY}")
    if capabilities.gradients and not callable(_attribute(found, name, "gradients")):
        raise UsageError(f"{name!r} declares gradients, but has no method gradients(case, cotangents)")
    return found


def ask(gru: GRU, case: Case, *, copied: bool = True) -> Outputs:
    """Run a subject on a copy of the case, and check the shapes and dtype of its answer.

    Args:
        gru: The subject.
        case: The case.
        copied: False passes the case's own arrays, because a copy would not keep their memory layout.

    Returns:
        The answer. The numbers themselves are not checked.

    Raises:
        SubjectError: If the subject raises an exception.
        Malformed: If the answer has another type, shape or dtype.
    """
    answer = answered("run", gru.run, case.copy() if copied else case)
    if not is_tuple(answer) or len(answer) != 2:
        raise Malformed(f"run returned {_short(answer)}, but must return Outputs(outputs, final_state)")
    outputs, final = answer
    shape, state = (case.batch, case.time, case.units), (case.batch, case.units)
    if not gru.capabilities.outputs:
        if outputs is not None:
            raise Malformed(f"outputs is {_short(outputs)}, but a subject that declares none must return None")
        shown: Any = None
    elif case.merge == "apart":
        shown = tuple(_array(part, shape, case, "outputs") for part in _pair(outputs, "outputs"))
    else:
        width = 2 * case.units if case.merge == "concat" else case.units
        shown = _array(outputs, (*shape[:2], width), case, "outputs")
    if case.merge is None:
        return Outputs(shown, _array(final, state, case, "final_state"))
    return Outputs(shown, tuple(_array(part, state, case, "final_state") for part in _pair(final, "final_state")))


def ask_gradients(gru: GRU, case: Case, cotangents: Outputs) -> Gradients:
    """Compute a subject's gradients of a case, and check their shapes and dtype.

    Args:
        gru: The subject.
        case: The case.
        cotangents: Arrays shaped like the answer of `ask` to the case.

    Returns:
        The gradients. With two directions `inputs` is one array, and every other field is a pair (forward, backward).

    Raises:
        SubjectError: As `ask` does.
    """
    subject: Any = gru  # the subject has gradients if it declares them
    answer = answered("gradients", subject.gradients, case.copy(), cotangents)
    if not is_tuple(answer) or len(answer) != len(Gradients._fields):
        raise Malformed(f"gradients returned {_short(answer)}, but must return {Gradients._fields}")
    inputs, *others = answer
    p = case.parameters[0]
    shapes = {
        "initial_state": (case.batch, case.units),
        "kernel": p.kernel.shape,
        "recurrent_kernel": p.recurrent_kernel.shape,
        "bias": p.bias.shape,
    }
    checked: list[Any] = [_array(inputs, case.inputs.shape, case, "gradients.inputs")]
    for (part, shape), given in zip(shapes.items(), others, strict=True):
        name = f"gradients.{part}"
        if case.merge is None:
            checked.append(_array(given, shape, case, name))
        else:
            checked.append(tuple(_array(of_one, shape, case, name) for of_one in _pair(given, name)))
    return Gradients(*checked)


def answered(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a subject's function. Raises SubjectError if the function raises, or exits by SystemExit."""
    try:
        return function(*arguments)
    except SubjectError:
        raise
    except (Exception, SystemExit) as error:
        raise SubjectError(f"{name} raised {_one_line(error)}") from error


def _pair(parts: Any, name: str) -> tuple[Any, Any]:
    if not (is_tuple(parts) or is_list(parts)) or len(parts) != 2:
        raise Malformed(f"{name} is {_short(parts)}, but must be a pair (forward, backward)")
    return parts[0], parts[1]


def _array(value: Any, shape: tuple[int, ...], case: Case, name: str) -> np.ndarray:
    if type(value) is not np.ndarray:
        raise Malformed(f"{name} is {_short(value)}, but must be a NumPy array")
    if value.shape != shape:
        raise Malformed(f"{name} has shape {value.shape}, but must have {shape}")
    if value.dtype.name != case.dtype:
        raise Malformed(f"{name} is {value.dtype}, but the case is {case.dtype}")
    return value


def _short(value: Any) -> str:
    text = repr(value) if value is None or isinstance(value, str | int | float) else f"a {type(value).__name__}"
    return text if len(text) < 80 else text[:77] + "..."


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return printable(f"{type(error).__name__}: {text if len(text) < 300 else text[:297] + '...'}")
