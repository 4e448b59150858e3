"""An adapter: how the suite asks a GRU a question, and what that GRU says it can do.

Anything with `run(case) -> Outputs` and `capabilities` is an adapter; `Adapter` makes one out of a function. What is
not declared is not asked: the report says *declined*, with the reason, and it never counts as a pass. What is declared
is judged.
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
    """The user named something that is not there or is no adapter; the message says what to do."""


class SubjectError(RuntimeError):
    """The subject raised, or returned what is no answer."""


class Malformed(SubjectError):
    """The subject returned something of another kind, shape or format."""


class Declined(SubjectError):
    """The subject says of one case that it does not do this, and why: the clause is declined, unless another fails."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a GRU does. Everything beyond one forward direction is off unless it is declared.

    arithmetic: the class claimed for each dtype ("float32", ...); other dtypes are declined.
    outputs: it gives the sequence of outputs; one that does not answers Outputs(None, final_state), and its final
    states are judged by the bound of the whole run.
    lengths: right-padded rows of at least one step; zero_length: rows of none; masks: any boolean mask.
    masked_outputs: the policies of case.POLICIES it offers; bidirectional_masked_outputs: those it offers
    with two directions. merges: those of case.MERGES it offers.
    gradients: it has `gradients(case, cotangents)`. compiles_per_shape: a new shape is expensive, so few are asked.
    because: reasons for what it lacks, by the name of the field, the format, or "reset " and the place.
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
                raise UsageError(f"capabilities.{name} has {unknown}, but knows only {', '.join(allowed)}")
            if len(set(given)) != len(given):
                raise UsageError(f"capabilities.{name} is {given!r}: name each once")
        for name in ("resets", "masked_outputs"):
            if not getattr(self, name):
                raise UsageError(f"capabilities.{name} is empty; name at least one")
        for dtype, claim in self.arithmetic.items():
            if getattr(claim, "dtype", None) != dtype:
                raise UsageError(f"capabilities.arithmetic[{dtype!r}] is {claim!r}, not an Arithmetic of {dtype}")

    def __hash__(self) -> int:
        return hash(repr(self))  # mappings have none

    def lacks(self, what: str) -> str:
        """Why it is not asked for something, in words: it does not declare it, and the reason where it gives one."""
        because = self.because.get(what)
        return f"does not declare {what}" + (f": {because}" if because else "")


class GRU(Protocol):
    """What the suite needs of a subject. `gradients` is called only where it is declared."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def run(self, case: Case, /) -> Outputs:
        """Answer the case."""
        ...


@dataclass(frozen=True, eq=False)
class Adapter:
    """A function from a case to its Outputs, with what it can do."""

    run: Callable[[Case], Outputs]
    capabilities: Capabilities
    gradients: Callable[[Case, Outputs], Gradients] | None = None


def resolve(name: str, declares: bool = True) -> GRU:
    """The adapter that "module:attribute" names; a class or a function without arguments is called for it.

    declares: whether it has to have capabilities, or only a method run.
    Raises UsageError with what to do for a module that is not there or cannot be imported, a missing attribute, or
    something else.
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
"""In the place of an attribute that is not there: None could be one."""

REMEDY = "give it run(case) -> Outputs and capabilities, or wrap a function in conformance.interface.adapter.Adapter"


def runnable(found: Any, name: str) -> Any:
    """found, if it has a method run. Raises UsageError."""
    if not callable(_attribute(found, name, "run")):
        raise UsageError(f"{name!r} is a {type(found).__name__} without a method run: it is no adapter; {REMEDY}")
    return found


def _attribute(found: Any, name: str, attribute: str, default: Any = None) -> Any:
    """An attribute of what a user wrote, or the default. Raises UsageError where looking at it raises."""
    try:
        return getattr(found, attribute, default)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{name!r}: looking at its attribute {attribute!r} raised {_one_line(error)}") from error


def accepted(found: Any, name: str) -> GRU:
    """found, if it is an adapter. Raises UsageError that says what is missing."""
    runnable(found, name)
    capabilities = _attribute(found, name, "capabilities")
    if not isinstance(capabilities, Capabilities):
        raise UsageError(f"{name!r}: capabilities is {capabilities!r}, but must be a Capabilities; {REMEDY}")
    if capabilities.gradients and not callable(_attribute(found, name, "gradients")):
        raise UsageError(f"{name!r} declares gradients, but has no gradients(case, cotangents)")
    return found


def ask(gru: GRU, case: Case, *, copied: bool = True) -> Outputs:
    """The subject's answer to a copy of the case, of the right shapes and dtype.

    copied: False hands the case's own arrays over, whose memory layout a copy would not keep.

    Raises SubjectError where the subject raises, Malformed where it returns something else; numbers are not looked at.
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
    """The subject's gradients for a case, of the right shapes and dtype. Raises SubjectError as ask does.

    cotangents: shaped like ask's answer to the case. With two directions the gradient to the inputs is one array, and
    each of the others is a pair (forward, backward).
    """
    subject: Any = gru  # which has gradients where it declares them
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
    """What the subject's function returns. Raises SubjectError where it raises, or ends the process politely."""
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
