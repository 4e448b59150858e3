"""The runtime that a graph is traced for: where a layer or a kernel asks.

Exporters trace synchronously, so one of their modules is on the call stack while a layer is called. Those that convert
write a SavedModel on their way, so the most particular one counts.

Left out: a function that was traced before it was handed to an exporter. Nothing traces it again, so `exporting_to`
has to name the runtime while it is traced.
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
    """A runtime, its exporters, and what it can hold.

    name: in words. exporters: modules of which one is on the stack. dtypes: those that it computes in, or None for all.
    keeps_states: it keeps the state of a stateful layer between calls.
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
"""The most particular first: converters write a SavedModel on their way."""

_named: ContextVar[str | None] = ContextVar("the runtime that the caller names", default=None)
"""Each thread has its own."""


@contextlib.contextmanager
def exporting_to(target: str) -> Iterator[None]:
    """Within it functions are traced for a runtime, by code that traces first and hands over to an exporter later.

    Exporters that trace themselves need nothing of this: `model.export`, `tf.saved_model.save`, `tf2onnx.convert`,
    `tf.lite.TFLiteConverter.from_keras_model`. Other threads trace the usual form meanwhile.

    target: "onnx" (tf2onnx), "litert" (built-in operators alone) or "saved_model".

    Raises ValueError for another target, and where a layer is traced that the target cannot hold; so do exporters.
    """
    check_choice("target", target, tuple(TARGETS))
    usual = _named.set(target)
    try:
        yield
    finally:
        _named.reset(usual)


def tracing_for() -> str | None:
    """The runtime that the graph under way is exported to: "onnx", "litert", "saved_model", or None where it stays.

    A graph that is exported keeps to TensorFlow's own operators, uncompiled: every choice of a kernel asks here.
    """
    named = _named.get()
    if named is not None:
        return named
    if tf.executing_eagerly():
        return None
    modules = _calling_modules()
    return next((name for name, target in TARGETS.items() if _are_among(target.exporters, modules)), None)


def check_held(layer: str, dtype: str, *, stateful: bool = False) -> None:
    """Refuse, while it is traced, what the runtime would forget, or fail on in words of its own."""
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
    """What to raise; and a warning where TensorFlow's converter of models drops it, to fail in words of its own."""
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
