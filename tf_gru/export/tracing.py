"""Detect the runtime that a graph is traced for, for layers and kernels.

Exporters trace synchronously, so one of their modules is on the call stack while a layer is called. Converters write a
SavedModel on the way, so the most specific module counts.

Left out: a function that was traced before an exporter received it. Nothing traces it again, so `exporting_to` must
name the runtime while it is traced.
"""

import contextlib
import sys
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple

import tensorflow as tf

from tf_gru.arguments import check_choice


class Target(NamedTuple):
    """A runtime, its exporters, and its limits.

    Attributes:
        name: The name in messages.
        exporters: Modules of which one is on the stack.
        dtypes: The dtypes that it computes in, or None for all.
        keeps_states: True if it keeps the state of a stateful layer between calls.
    """

    name: str
    exporters: tuple[str, ...]
    dtypes: tuple[str, ...] | None = None
    keeps_states: bool = True


TARGETS = {
    "onnx": Target("ONNX", ("tf2onnx", "keras.src.export.onnx"), ("float16", "float32", "float64"), keeps_states=False),
    "litert": Target("LiteRT", ("tensorflow.lite", "keras.src.export.litert"), ("float32",)),
    "saved_model": Target("SavedModel", ("tensorflow.python.saved_model.save", "keras.src.export")),
}
"""The most specific first, because converters write a SavedModel on the way."""

_named: ContextVar[str | None] = ContextVar("the runtime that the caller names", default=None)
"""Each thread has its own value."""


@contextlib.contextmanager
def exporting_to(target: str) -> Iterator[None]:
    """Trace functions for a runtime inside this context, for code that traces first and exports later.

    Exporters that trace by themselves do not need it: `model.export`, `tf.saved_model.save`, `tf2onnx.convert`,
    `tf.lite.TFLiteConverter.from_keras_model`. Other threads keep tracing the usual form.

    Args:
        target: "onnx" (tf2onnx), "litert" (built-in operators only) or "saved_model".

    Raises:
        ValueError: For another target, and if a layer is traced that the target does not support. Exporters raise it
            too.

    Examples:
        >>> from tf_gru.export import exporting_to, tracing_for
        >>> with exporting_to("onnx"):
        ...     tracing_for()
        'onnx'
    """
    check_choice("target", target, tuple(TARGETS))
    usual = _named.set(target)
    try:
        yield
    finally:
        _named.reset(usual)


def tracing_for() -> str | None:
    """The runtime that the current graph is exported to: "onnx", "litert", "saved_model", or None if it stays here.

    An exported graph contains only TensorFlow's own operators, uncompiled; every choice of a kernel reads this.

    Returns:
        The name of the runtime, or None.

    Examples:
        >>> from tf_gru.export import tracing_for
        >>> tracing_for() is None
        True
    """
    named = _named.get()
    if named is not None:
        return named
    if tf.executing_eagerly():
        return None
    modules = _calling_modules()
    return next((name for name, target in TARGETS.items() if _are_among(target.exporters, modules)), None)


def check_held(layer: str, dtype: str, *, stateful: bool = False) -> None:
    """Refuse, while it is traced, a layer whose state the runtime would lose, or on which it would fail unclearly."""
    name = tracing_for()
    if name is None:
        return
    target = TARGETS[name]
    if stateful and not target.keeps_states:
        raise _refusal(
            f"{layer} is stateful, but {target.name} keeps no state between calls: take initial_state as an input "
            "and the state, by return_state=True, as an output"
        )
    if target.dtypes is not None and dtype not in target.dtypes:
        known = ", ".join(target.dtypes)
        raise _refusal(f"{layer} computes in {dtype}, but {target.name} does in {known}: give it that dtype")


def _refusal(sentence: str) -> ValueError:
    """The error to raise. It also warns if TensorFlow's converter would replace it by an unclear one."""
    if "tensorflow.lite.python.lite" in _calling_modules():
        warnings.warn(sentence, stacklevel=3)
    return ValueError(sentence)


def _calling_modules() -> set[str]:
    """The names of all modules that have a frame on this thread's stack."""
    found: set[str] = set()
    frame = sys._getframe()
    while frame is not None:
        found.add(frame.f_globals.get("__name__") or "")
        frame = frame.f_back
    return found


def _are_among(exporters: tuple[str, ...], modules: set[str]) -> bool:
    inside = tuple(f"{exporter}." for exporter in exporters)
    return any(module in exporters or module.startswith(inside) for module in modules)
