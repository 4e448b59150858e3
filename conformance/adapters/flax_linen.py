"""flax.linen: GRUCell in RNN, and in Bidirectional, compiled.

RNN continues past a row's length over the padding (its documentation: "NOT zeroed out"). The suite has no policy for
such outputs, so `gru` is judged without lengths. `lengths` returns the carry only, which is the state of the last valid
element according to the documentation.
"""

from typing import Any

from flax import linen

from conformance.adapters.jax_layers import Asked, JaxLayers, xla
from conformance.interface.adapter import Capabilities
from reference import Parameters
from reference.layouts import merge_gate_biases, to_linen

CELLS = ("forward_rnn", "backward_rnn")
BECAUSE = {
    "reset before": "flax.linen.GRUCell resets after the product only",
    "reset none": "flax.linen.GRUCell always has a reset gate (MGUCell is another unit)",
    "masks": "flax.linen.RNN has seq_lengths, not masks",
    "outputs": "flax:linen is asked for outputs, without lengths",
    "bidirectional_masked_outputs": "flax.linen.RNN documents no outputs for the padding",
    "lengths": "flax.linen.RNN documents no outputs for the padding; flax:linen-lengths is asked for the carry",
}


def _weights(p: Parameters) -> dict[str, Any]:
    return to_linen(merge_gate_biases(p))


def _apply(asked: Asked, trees: Any, inputs: Any, states: Any, steps: Any) -> tuple[Any, tuple[Any, ...]]:
    def rnn() -> linen.RNN:
        return linen.RNN(linen.GRUCell(asked.units, param_dtype=asked.dtype))

    if asked.merge is None:
        module, params = rnn(), {"cell": trees[0]}
        options = {"reverse": asked.reverse, "keep_order": True}
        start = states and states[0]
    else:
        module, start, options = linen.Bidirectional(rnn(), rnn()), states and tuple(states), {}
        params = {name: {"cell": tree} for name, tree in zip(CELLS, trees, strict=True)}
    finals, outputs = module.apply(
        {"params": params}, inputs, initial_carry=start, seq_lengths=steps, return_carry=True, **options
    )
    return outputs, finals if asked.merge else (finals,)


def _subject(**capabilities: Any) -> JaxLayers:
    can = Capabilities(
        arithmetic=xla(),
        reverse=True,
        merges=("concat",),
        zero_time=True,
        zero_batch=True,
        gradients=True,
        compiles_per_shape=True,
        **capabilities,
    )
    return JaxLayers(_apply, _weights, can, ("flax",))


gru = _subject(because=BECAUSE)
lengths = _subject(outputs=False, lengths=True, zero_length=True, because=BECAUSE)
