"""The process that serves an exported model. It has TensorFlow, but cannot import the package that made the model."""

import sys
from multiprocessing.connection import Connection
from typing import Any

MAKERS = ("tf_gru", "reference")


def forbid() -> None:
    """Forbid imports of the packages that made the model: None in sys.modules makes an import raise."""
    sys.modules.update(dict.fromkeys(MAKERS))  # pyright: ignore[reportArgumentType, reportCallIssue]


def serve(descriptor: int) -> None:
    """Answer messages until the other end closes.

    A message is (folder, feeds, weights, cotangents or None). The answer contains the results of the SavedModel's
    function `serve`, or the gradients of inputs, states and weights, as arrays; or the text of an exception.
    """
    forbid()
    pipe = Connection(descriptor)
    loaded: dict[str, Any] = {}
    while True:
        try:
            folder, *question = pipe.recv()
        except EOFError:
            return
        try:
            if folder not in loaded:
                import tensorflow as tf

                loaded[folder] = tf.saved_model.load(folder)
            pipe.send(_answer(loaded[folder], *question))
        except Exception as error:
            pipe.send(f"{type(error).__name__}: {error}")


def _answer(model: Any, feeds: dict[str, Any], weights: list[Any], cotangents: list[Any] | None) -> list[Any]:
    import tensorflow as tf

    variables = model.trainable_variables
    for variable, array in zip(variables, weights, strict=True):
        variable.assign(array)
    inputs = {name: tf.constant(array) for name, array in feeds.items()}
    if cotangents is None:
        return [result.numpy() for result in model.serve(list(inputs.values()))]
    floating = [tensor for tensor in inputs.values() if tensor.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floating)
        results = list(model.serve(list(inputs.values())))
    gradients = tape.gradient(
        results,
        [*floating, *variables],
        output_gradients=[tf.constant(cotangent) for cotangent in cotangents],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]
