"""The choice of a kernel for a call, with its reasons: a pure function of the facts about the call.

KERNELS lists the kernels in order of preference, each with a function that returns the reason why it cannot run. The
first kernel without such a reason runs. If an option demands a kernel that cannot run, the error contains the same
reason.

Left out: finding the facts (see facts.py), running a kernel (see dispatch.py), and LiteRT, whose form sequence.py takes
from export/litert.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kernel = Literal["cudnn", "native", "compiled", "loop", "autodiff"]

DTYPES_OF_CUDNN = ("float16", "float32", "float64")
"""The dtypes of cuDNN's kernel. Its op computes bfloat16 in float32."""

DTYPES_OF_NATIVE = ("float32", "float64")

SECOND = "second derivative, which nested or persistent tapes may ask for"
FORWARD = "forward mode"
FORWARD_IN_A_GRAPH = "forward mode in a graph"
BOTH_IN_A_GRAPH = "forward mode beside a tape in a graph"
UNKNOWN = "derivative that this TensorFlow does not announce"

EAGER = "eager"
GRAPH = "graph"
XLA = "XLA"
GRAPH_OR_XLA = "graph or XLA"
TENSORFLOW_1 = "TensorFlow 1"


@dataclass(frozen=True)
class Facts:
    """The facts about a call when it is made or traced.

    Attributes:
        reset: The position of the reset gate.
        dtype: The name of the dtype.
        batch: The size, or None if only a run of the graph knows it.
        time: The size, or None if only a run of the graph knows it.
        caller: EAGER, GRAPH, XLA, GRAPH_OR_XLA or TENSORFLOW_1.
        unwritten: The part of the call without a hand-written derivative, in words, or None.
        derivative: The derivative under way that not every kernel supports, in words, or None.
        exported: The runtime that the graph is exported to, in words, or None.
        device: The kind of device that the call is placed on, "" if that is open, or None if TensorFlow does not tell.
        gpu: True if TensorFlow sees an NVIDIA GPU.
        xla: True if TensorFlow is built with XLA.
        without_native: The reason why there is no native kernel, in words, or None.
        distributed: True if a distribution strategy places the call.
        mapped: True if the call is inside tf.vectorized_map.

    The other attributes are options of `gru`.
    """

    reset: str
    dtype: str
    batch: int | None
    time: int | None
    caller: str
    unwritten: str | None = None
    unroll: bool = False
    derivative: str | None = None
    exported: str | None = None
    device: str | None = ""
    gpu: bool = False
    xla: bool = True
    without_native: str | None = None
    distributed: bool = False
    mapped: bool = False
    jit: bool | str = "auto"
    recompute: bool = False
    use_cudnn: bool | str = "auto"
    use_native: bool | str = "auto"


@dataclass(frozen=True)
class Choice:
    """The kernel of a call, and the reason why each kernel before it in KERNELS does not run."""

    kernel: Kernel
    reason: str


def choose(facts: Facts) -> Choice:
    """Choose the kernel that runs a call.

    Raises:
        ValueError: If jit=True, recompute=True, use_cudnn=True or use_native=True demands the impossible.
        NotImplementedError: If no kernel is right.
    """
    _refuse_what_has_no_effect(facts)
    reasons, why = [], None
    for kernel, hindrance in KERNELS.items():
        why = hindrance(facts)
        if why is None:
            return Choice(kernel, "; ".join(reasons) or "nothing stands in its way")
        if kernel == "cudnn" and facts.use_cudnn is True:
            raise ValueError(f"use_cudnn is True, but {why}: use_cudnn='auto' runs another kernel")
        if kernel == "native" and facts.use_native is True:
            raise ValueError(f"use_native is True, but {why}: use_native='auto' runs another kernel")
        if kernel == "compiled" and facts.jit is True:
            raise ValueError(f"jit is True, but {why}: use jit='auto' or jit=False")
        reasons.append(f"not {kernel}: {why}")
    raise NotImplementedError(why)


def _refuse_what_has_no_effect(facts: Facts) -> None:
    for name, asked in {"jit": facts.jit, "recompute": facts.recompute}.items():
        if asked is True and facts.unwritten:
            raise ValueError(f"{name} is True, but has no effect with {facts.unwritten}: leave it out")


def _not_cudnn(facts: Facts) -> str | None:
    """The reason against cuDNN's kernel. Each call also checks its rows (see cudnn.fits)."""
    if facts.use_cudnn is False:
        return "use_cudnn is False"
    unfit = {
        f"reset={facts.reset!r}": facts.reset != "after",
        str(facts.unwritten): facts.unwritten,
        f"the {facts.derivative}": facts.derivative,
        "jit=True": facts.jit is True,
        "recompute=True": facts.recompute,
        facts.dtype: facts.dtype not in DTYPES_OF_CUDNN,
    }
    for words, met in unfit.items():
        if met:
            return f"cuDNN's kernel does not go with {words}"
    if facts.exported and facts.use_cudnn is not True:
        return f"the graph is exported to {facts.exported}"
    if not facts.gpu:
        return "TensorFlow sees no NVIDIA GPU"
    if facts.device is None:
        return "this TensorFlow does not say on which device the call is placed"
    if facts.device not in ("", "GPU"):
        return f"the call is placed on a {facts.device}"
    return {
        TENSORFLOW_1: "this is a graph of TensorFlow 1",
        XLA: "XLA, which has no such op, compiles the caller",
        GRAPH_OR_XLA: "this TensorFlow does not say whether XLA, which has no such op, compiles the caller",
    }.get(facts.caller)


def _not_native(facts: Facts) -> str | None:
    if facts.use_native is False:
        return "use_native is False"
    unfit = {
        str(facts.unwritten): facts.unwritten,
        f"the {facts.derivative}": facts.derivative,
        "jit=True": facts.jit is True,
        facts.dtype: facts.dtype not in DTYPES_OF_NATIVE,
    }
    for words, met in unfit.items():
        if met:
            return f"the native kernel does not go with {words}"
    if facts.exported:
        return f"the graph is exported to {facts.exported}"
    where = {
        TENSORFLOW_1: "this is a graph of TensorFlow 1",
        XLA: "XLA, which has no such op, compiles the caller",
        GRAPH_OR_XLA: "this TensorFlow does not say whether XLA, which has no such op, compiles the caller",
    }
    if facts.caller in where:
        return where[facts.caller]
    if facts.device is None:
        return "this TensorFlow does not say on which device the call is placed"
    if facts.device not in ("", "CPU"):
        return f"the call is placed on a {facts.device}"
    if facts.gpu and facts.device != "CPU":
        return "TensorFlow sees a GPU, and nothing places the call on a CPU"
    if facts.distributed:
        return "a distribution strategy places the call"
    if facts.mapped:
        return "tf.vectorized_map has no rule for its op"
    return facts.without_native


def _not_compiled(facts: Facts) -> str | None:
    """The reason against XLA, which compiles only for jit=True or if it compiles the caller."""
    if facts.jit is False:
        return "jit is False"
    if facts.unwritten:
        return f"there is no derivative written by hand for {facts.unwritten}"
    if facts.derivative:
        return f"a compiled kernel has no {facts.derivative}, of its own"
    if facts.caller == TENSORFLOW_1:
        return "this is a graph of TensorFlow 1"
    if facts.caller == XLA:
        return None
    if not facts.xla:
        return "this TensorFlow has no XLA"
    return None if facts.jit is True else "XLA compiles where jit=True, or a caller's own jit_compile=True, asks for it"


def _not_loop(facts: Facts) -> str | None:
    if facts.unwritten:
        return f"there is no derivative written by hand for {facts.unwritten}"
    if facts.derivative not in (None, FORWARD_IN_A_GRAPH):
        return f"the loop has no {facts.derivative}"
    return "this is a graph of TensorFlow 1" if facts.caller == TENSORFLOW_1 else None


def _not_autodiff(facts: Facts) -> str | None:
    if facts.derivative == BOTH_IN_A_GRAPH and not facts.unroll:
        return (
            "a gradient of forward mode, or forward mode of a gradient, is taken within one tf.function, where "
            "TensorFlow would get it wrong: take it eagerly, or give the layer unroll=True"
        )
    return None


KERNELS: dict[Kernel, Callable[[Facts], str | None]] = {
    "cudnn": _not_cudnn,
    "native": _not_native,
    "compiled": _not_compiled,
    "loop": _not_loop,
    "autodiff": _not_autodiff,
}
