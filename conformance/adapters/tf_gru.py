"""tf_gru.GRU and tf_gru.BiGRU: eager, in tf.function, compiled by XLA, and with each of their kernels."""

from dataclasses import replace
from functools import partial
from typing import Any

import tensorflow as tf

from conformance.adapters.keras_layers import KerasLayers, initial_state
from conformance.adapters.tensorflow_arithmetic import tensorflow
from conformance.interface.adapter import Capabilities
from conformance.interface.case import MERGES, Case
from tf_gru import GRU, BiGRU


def build(case: Case, **options: Any) -> Any:
    """The layer of a case, without weights yet."""
    p = case.parameters[0]
    reset = {"reset_gate": False} if p.reset == "none" else {"reset_after": p.reset == "after"}
    shared = {**reset, "return_sequences": True, "return_state": True, "dtype": case.dtype, **options}
    if case.merge is not None:
        return BiGRU(p.units, merge_mode=None if case.merge == "apart" else case.merge, **shared)
    zero = case.masked_outputs == "zero"
    return GRU(p.units, go_backwards=case.reverse, zero_output_for_mask=zero, **shared)


def call_arguments(case: Case) -> dict[str, Any]:
    """The call arguments of a layer of either kind besides the inputs."""
    given = initial_state(case)
    if case.mask is not None:
        given["mask"] = tf.constant(case.mask)
    if case.lengths is not None:
        given["lengths"] = tf.constant(case.lengths)
    return given


def capabilities(path: str, **others: Any) -> Capabilities:
    """The capabilities of the layers, with a path's differences."""
    everything: dict[str, Any] = {
        "arithmetic": tensorflow(path),
        "resets": ("after", "before", "none"),
        "lengths": True,
        "zero_length": True,
        "masks": True,
        "masked_outputs": ("carry", "zero"),
        "reverse": True,
        "merges": MERGES,
        "bidirectional_masked_outputs": ("zero",),
        "zero_time": True,
        "zero_batch": True,
        "gradients": True,
    }
    return Capabilities(**everything | others)


def _subject(path: str, claims: str, **options: Any) -> KerasLayers:
    declared = capabilities(claims, compiles_per_shape=claims not in ("eager", "native"))
    return KerasLayers(path, partial(build, **options), call_arguments, declared, ("tf-gru", "tensorflow", "keras"))


eager, graph, xla = (_subject(path, claims=path) for path in ("eager", "graph", "xla"))
eager.capabilities = replace(eager.capabilities, arithmetic=tensorflow("eager", ("float16", "bfloat16")))
native = _subject("eager", "native", use_native=True)
native_graph = _subject("graph", "native", use_native=True)
native_recompute = _subject("eager", "native", use_native=True, recompute=True)
autodiff = _subject("eager", "eager", implementation=1)
loop = _subject("eager", "eager", use_native=False)
compiled = _subject("eager", "xla", jit=True)
recompute = _subject("eager", "xla", jit=True, recompute=True)
recompute_loop = _subject("eager", "eager", use_native=False, recompute=True)
