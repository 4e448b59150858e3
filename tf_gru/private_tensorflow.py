"""The private names of TensorFlow that the package uses. No other file has one.

A release of TensorFlow may drop any of them. The package still imports then: a function below gives None for what it
cannot find out any more, and the choice of kernels leaves out the kernels that depend on it, or raises in words.
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

UNWATCHED, HIGHER_ORDER = 0, 2  # the numbers that PossibleTapeGradientTypes gives for them


def outer_device() -> str | None:
    """The device that `tf.device` names outside all graphs, or "" for none; None where TensorFlow does not say."""
    return None if CONTEXT is None else CONTEXT().device_name or ""


def under_forward_mode(tensors: list[tf.Tensor]) -> bool | None:
    """Whether a ForwardAccumulator has a tangent for any of the tensors; None where TensorFlow does not say."""
    return None if PACK_TANGENTS is None else bool(PACK_TANGENTS(tensors).tangents)


def of_higher_order(tensors: list[tf.Tensor]) -> bool | None:
    """Whether nested or persistent tapes watch any of the tensors; None where TensorFlow does not say."""
    return None if TAPES is None else TAPES(tensors) == HIGHER_ORDER


def watched(tensors: list[tf.Tensor]) -> bool:
    """Whether a tape watches any of the tensors, or TensorFlow does not say."""
    return TAPES is None or TAPES(tensors) != UNWATCHED


def xla_compiles() -> bool | None:
    """Whether the graph under construction is part of one that XLA compiles; None where TensorFlow does not say."""
    return None if IN_XLA is None else IN_XLA(tf.compat.v1.get_default_graph())


def maps_rows() -> bool:
    """Whether tf.vectorized_map, or what is built on it, traces the function that it maps over rows."""
    return "loop_body" in tf.get_current_name_scope().split("/")


def dynamic_update_slice(values: tf.Tensor, update: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """The values with another part from start on: the operator that LiteRT has for it.

    Raises NotImplementedError where TensorFlow does not have it.
    """
    if DYNAMIC_UPDATE_SLICE is None:
        raise NotImplementedError(
            f"TensorFlow {tf.__version__} has no dynamic_update_slice, which a layer in LiteRT needs: export it with "
            "another version"
        )
    return DYNAMIC_UPDATE_SLICE(values, update, start)


def without_tracing_warning(function: Any) -> Any:
    """The tf.function, uncounted: TensorFlow warns of the fifth function traced from one line of code."""
    function._omit_frequent_tracing_warning = True  # where TensorFlow does not read it, it may warn
    return function


def set_flag(op: Any, name: str, value: bool) -> None:
    """Set an attribute of an op in a graph that is still under construction; where that cannot be, leave it."""
    if hasattr(op, "_set_attr"):
        op._set_attr(name, tf.compat.v1.AttrValue(b=value))
