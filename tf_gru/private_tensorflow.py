"""The private names of TensorFlow that the package uses. No other file uses one.

A release of TensorFlow may drop any of them. The package still imports then. A function below returns None if it cannot
find its answer, and the choice of kernels leaves out the kernels that depend on it, or raises an error.
"""

from importlib import import_module
from typing import Any

import tensorflow as tf


def _private(module: str, name: str) -> Any:
    try:
        return getattr(import_module(f"tensorflow.{module}"), name)
    except (ImportError, AttributeError):
        return None


CONTEXT = _private("python.eager.context", "context")
PACK_TANGENTS = _private("python.eager.forwardprop_util", "pack_tangents")
TAPES = _private("python.ops.gradients_util", "PossibleTapeGradientTypes")
IN_XLA = _private("python.ops.control_flow_util", "GraphOrParentsInXlaContext")
DYNAMIC_UPDATE_SLICE = _private("compiler.tf2xla.python.xla", "dynamic_update_slice")

UNWATCHED, HIGHER_ORDER = 0, 2  # values of PossibleTapeGradientTypes


def outer_device() -> str | None:
    """The device that `tf.device` names outside all graphs, or "" for none; None if TensorFlow does not tell."""
    return None if CONTEXT is None else CONTEXT().device_name or ""


def under_forward_mode(tensors: list[tf.Tensor]) -> bool | None:
    """True if a ForwardAccumulator has a tangent for any of the tensors; None if TensorFlow does not tell."""
    return None if PACK_TANGENTS is None else bool(PACK_TANGENTS(tensors).tangents)


def of_higher_order(tensors: list[tf.Tensor]) -> bool | None:
    """True if nested or persistent tapes watch any of the tensors; None if TensorFlow does not tell."""
    return None if TAPES is None else TAPES(tensors) == HIGHER_ORDER


def watched(tensors: list[tf.Tensor]) -> bool:
    """True if a tape watches any of the tensors, or TensorFlow does not tell."""
    return TAPES is None or TAPES(tensors) != UNWATCHED


def xla_compiles() -> bool | None:
    """True if XLA compiles the graph under construction or a graph around it; None if TensorFlow does not tell."""
    return None if IN_XLA is None else IN_XLA(tf.compat.v1.get_default_graph())


def maps_rows() -> bool:
    """True if tf.vectorized_map, or a function built on it, traces the function that it maps over rows."""
    return "loop_body" in tf.get_current_name_scope().split("/")


def dynamic_update_slice(values: tf.Tensor, update: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Replace a part of the values from `start` on, by the operator that LiteRT supports.

    Raises NotImplementedError if TensorFlow does not have it.
    """
    if DYNAMIC_UPDATE_SLICE is None:
        raise NotImplementedError(
            f"TensorFlow {tf.__version__} has no dynamic_update_slice, which a layer in LiteRT needs: use "
            "another version"
        )
    return DYNAMIC_UPDATE_SLICE(values, update, start)


def without_tracing_warning(function: Any) -> Any:
    """Exclude the tf.function from a count: TensorFlow warns of the fifth function traced from one line of code."""
    function._omit_frequent_tracing_warning = True  # without this attribute, TensorFlow may warn
    return function


def set_flag(op: Any, name: str, value: bool) -> None:
    """Set an attribute of an op in a graph under construction, if that is possible."""
    if hasattr(op, "_set_attr"):
        op._set_attr(name, tf.compat.v1.AttrValue(b=value))
