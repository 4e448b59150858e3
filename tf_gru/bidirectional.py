"""Two sequences, one in each direction, and a merge."""

import keras
import tensorflow as tf

from tf_gru import keras_2
from tf_gru.arguments import check_choice, one_for_each_direction, plain
from tf_gru.layer import GRU

MERGES = {
    "concat": lambda forward, backward: tf.concat([forward, backward], axis=-1),
    "sum": lambda forward, backward: forward + backward,
    "mul": lambda forward, backward: forward * backward,
    "ave": lambda forward, backward: (forward + backward) / 2,
}


@keras.saving.register_keras_serializable(package="tf_gru", name="BiGRU")
class BiGRU(keras.layers.Bidirectional):
    """keras.layers.Bidirectional(GRU(...)) as one layer, with its weights (forward, then backward) and its outputs.

    Outputs are aligned with the inputs' time and 0 at masked steps. Without `return_sequences` they merge the two final
    states. `stateful`, `return_state` and a mask work together, unlike in Keras. Summaries and files call the layer
    Bidirectional, so weights fit both.

    Args:
        units: The width of the state of each direction.
        merge_mode: "concat", "sum", "mul", "ave", or None for two separate outputs.
        **gru: The arguments of `GRU`. The layer refuses `go_backwards`, because both directions run, and
            `zero_output_for_mask=False`.

    Call arguments:
        As for `GRU`; initial_state, dropout_mask and recurrent_dropout_mask are lists [forward, backward].

    Raises:
        ValueError: If an argument has a value that is not allowed.

    Source: Schuster and Paliwal 1997, "Bidirectional recurrent neural networks".

    Examples:
        >>> import numpy as np
        >>> import tf_gru
        >>> tf_gru.BiGRU(4)(np.ones((2, 5, 3), "float32")).shape
        TensorShape([2, 8])
    """

    def __init__(self, units, merge_mode="concat", **gru):
        if check_choice("go_backwards", gru.pop("go_backwards", False), (True, False)):
            raise ValueError("go_backwards is True, but BiGRU runs both directions: leave it out, or use GRU")
        if not check_choice("zero_output_for_mask", gru.pop("zero_output_for_mask", True), (True, False)):
            raise ValueError("zero_output_for_mask is False, but BiGRU outputs 0 at masked steps: leave it out")
        own = {"name": gru.pop("name")} if "name" in gru else {}
        trainable = plain("trainable", gru.pop("trainable", True))
        pattern = GRU(units, name="gru", trainable=trainable, **gru)
        super().__init__(pattern, merge_mode=merge_mode, dtype=gru.get("dtype"), trainable=trainable, **own)
        # Keras replaces a loaded layer by one with the same id, even if that one is gone, and then makes no new layer.
        # This reference keeps the layer alive.
        self._kept = lambda: pattern

    def call(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        sequences,
        initial_state=None,
        mask=None,
        training=False,
        lengths=None,
        dropout_mask=None,
        recurrent_dropout_mask=None,
    ):
        """Compute the merged outputs, or both outputs; with return_state also the final state of each direction."""
        if mask is None:
            mask = getattr(sequences, "_keras_mask", None)  # Keras passes no mask if there is a second tensor
        of_each = {
            "initial_state": initial_state,
            "dropout_mask": dropout_mask,
            "recurrent_dropout_mask": recurrent_dropout_mask,
        }
        pairs = {name: one_for_each_direction(name, given) for name, given in of_each.items()}
        results = [
            layer(
                sequences,
                mask=mask,
                training=training,
                lengths=lengths,
                **{name: pair[direction] for name, pair in pairs.items()},
            )
            for direction, layer in enumerate((self.forward_layer, self.backward_layer))
        ]
        states = ()
        if self.return_state:
            results, states = zip(*results, strict=True)
        forward, backward = results
        if self.return_sequences:
            backward = tf.reverse(backward, [1])
        outputs = (forward, backward)
        if self.merge_mode is not None:
            outputs = (MERGES[self.merge_mode](forward, backward),)
        return (*outputs, *states) if len(outputs) + len(states) > 1 else outputs[0]

    def compute_mask(self, _, mask):
        """The mask for each output, and None for each state."""
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        output_mask = mask if self.return_sequences else None
        outputs = 1 if self.merge_mode else 2
        masks = [output_mask] * outputs + [None] * (2 if self.return_state else 0)
        return masks if len(masks) > 1 else output_mask

    def get_config(self):
        """The arguments that make this layer again."""
        config = self.forward_layer.get_config()
        for name in ("go_backwards", "zero_output_for_mask"):
            del config[name]
        own = keras.layers.Layer.get_config(self)
        return {**config, **own, "merge_mode": self.merge_mode}

    @classmethod
    def from_config(cls, config, hard_sigmoid_slope=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make the layer that get_config describes, also from the configuration of a GRU."""
        config = keras_2.of_layer(config, hard_sigmoid_slope)
        config.pop("zero_output_for_mask", None)  # keras.layers.Bidirectional overrules it too
        return cls(**config)

    def __repr__(self):
        return super().__repr__().replace(type(self).__name__, "BiGRU", 1)


# Keras stores weights under the name of a layer's class. Under this name a .weights.h5 file of a model with
# keras.layers.Bidirectional fits the same model with BiGRU, and vice versa.
BiGRU.__name__ = keras.layers.Bidirectional.__name__
