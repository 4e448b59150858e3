"""haiku.GRU in haiku.dynamic_unroll, compiled.

Its z is 1 - z of the specification, so it keeps the part 1 - sigma(-a) of the state.
"""

from typing import Any

import haiku

from conformance.adapters.jax_layers import Asked, JaxLayers, xla
from conformance.interface.adapter import Capabilities
from reference import Parameters, merge_biases
from reference.layouts import to_haiku


def _weights(p: Parameters) -> dict[str, Any]:
    return to_haiku(merge_biases(p))


def _apply(asked: Asked, trees: Any, inputs: Any, states: Any, steps: Any) -> tuple[Any, tuple[Any, ...]]:
    del steps

    def unroll(inputs: Any, states: Any) -> Any:
        core = haiku.GRU(asked.units)
        start = states[0] if states else core.initial_state(len(inputs)).astype(inputs.dtype)
        return haiku.dynamic_unroll(core, inputs, start, time_major=False, reverse=asked.reverse)

    (tree,) = trees
    outputs, final = haiku.without_apply_rng(haiku.transform(unroll)).apply({"gru": tree}, inputs, states)
    return outputs, (final,)


gru = JaxLayers(
    _apply,
    _weights,
    Capabilities(
        arithmetic=xla("any order"),
        resets=("before",),
        reverse=True,
        zero_time=True,
        zero_batch=True,
        gradients=True,
        compiles_per_shape=True,
        because={
            "reset after": "haiku.GRU resets before the product only",
            "reset none": "haiku.GRU always has a reset gate",
            **{
                name: "haiku.dynamic_unroll takes sequences of one length; padding is left to the caller"
                for name in ("lengths", "masks", "zero_length")
            },
            **{
                name: "Haiku has no bidirectional run; joining two is left to the caller"
                for name in ("merges", "merge apart or concat")
            },
        },
    ),
    ("dm-haiku",),
)
