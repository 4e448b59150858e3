"""A Keras model whose weights are also inputs, so that one converted model serves every case."""

from typing import Any

import keras
import tensorflow as tf


class WeightsAsInputs(keras.Model):
    """The model, called with a dictionary of its inputs by name and of its weights as "w0", "w1", and so on."""

    def __init__(self, inner: keras.Model) -> None:
        super().__init__()
        self.inner = inner
        self.built = True  # it has no weights of its own
        self.given = tuple(tensor.name for tensor in inner.inputs)
        self.weight_names = tuple(f"w{place}" for place in range(len(inner.weights)))

    def call(self, given: dict[str, Any]) -> list[Any]:
        """Compute the model's results with these weights in place of its own."""
        values = [given[name] for name in self.weight_names]
        seeds = self.inner.non_trainable_variables
        inputs = [given[name] for name in self.given]
        results, _ = self.inner.stateless_call(values, [seed.value for seed in seeds], inputs, training=False)
        return list(results)

    @property
    def signature(self) -> list[Any]:
        """The signature of its inputs."""
        specs = {
            name: tf.TensorSpec(tensor.shape, tensor.dtype, name)
            for name, tensor in zip(self.given, self.inner.inputs, strict=True)
        }
        specs |= {
            name: tf.TensorSpec(weight.shape, weight.dtype, name)
            for name, weight in zip(self.weight_names, self.inner.weights, strict=True)
        }
        return [specs]
