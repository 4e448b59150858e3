"""tf_gru's layers in a Keras model that was saved and loaded: as `.keras`, and as a SavedModel without our code."""

import atexit
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from conformance.adapters.keras_backends import answer, as_returned, weights
from conformance.adapters.keras_layers import answer_gradients
from conformance.adapters.keras_models import Arrays, Converted, feeds, model
from conformance.adapters.model_server import serve
from conformance.adapters.tf_gru import build, capabilities
from conformance.interface.case import Case, Gradients, Outputs

PACKAGES = ("tf-gru", "tensorflow", "keras")
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)}
"""Additional variables in the environment of a saved model's process."""


class KerasSave:
    """A model with the case's weights, saved as `.keras` and loaded, for each case."""

    capabilities, packages = capabilities("eager"), PACKAGES

    def run(self, case: Case) -> Outputs:
        """Compute the results of the loaded model, eagerly."""
        results = self._again(case)([tf.constant(array) for array in feeds(case).values()])
        return answer(case, [result.numpy() for result in results])

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by TensorFlow's tape."""
        case = replace(case, initial_state=case.starts)
        loaded = self._again(case)
        inputs = [tf.constant(array) for array in feeds(case).values()]
        sources = [tensor for tensor in inputs if tensor.dtype.is_floating]
        sources += [variable.value for variable in loaded.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            results = list(loaded(inputs))
        gradients = tape.gradient(
            results,
            sources,
            output_gradients=[tf.constant(part) for part in as_returned(case, cotangents)],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return answer_gradients(case, [tf.convert_to_tensor(gradient).numpy() for gradient in gradients])

    def _again(self, case: Case) -> Any:
        made = model(case, build(case))
        for variable, array in zip(made.trainable_variables, weights(case), strict=True):
            variable.assign(array)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            made.save(path)
            return keras.saving.load_model(path)


class SavedModel(Converted):
    """Models exported once for each configuration, in one process without tf_gru."""

    def __init__(self) -> None:
        super().__init__(self._export, capabilities("graph"), PACKAGES)
        self._open = ExitStack()
        atexit.register(self._open.close)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by TensorFlow's tape, around the loaded function."""
        case = replace(case, initial_state=case.starts)
        ask = self.converted(case)
        parts = as_returned(case, cotangents)
        return answer_gradients(case, ask(feeds(case), weights(case), parts))

    def _export(self, case: Case) -> Any:
        folder = str(Path(self._folder) / str(len(self._converted)))
        model(case, build(case)).export(folder, verbose=False)

        def ask(given: Arrays, weights: list[np.ndarray], cotangents: list[np.ndarray] | None = None) -> Any:
            self._server.send((folder, given, weights, cotangents))
            found = self._server.recv()
            if isinstance(found, str):
                raise RuntimeError(found)
            return found

        return ask

    @cached_property
    def _folder(self) -> str:
        return self._open.enter_context(tempfile.TemporaryDirectory())

    @cached_property
    def _server(self) -> Connection:
        """The process that serves the models. It ends when this end of the pipe is closed, which is opened last,
        closed first.
        """
        ours, theirs = Pipe()
        code = f"from {serve.__module__} import {serve.__name__}; {serve.__name__}({theirs.fileno()})"
        started = subprocess.Popen(
            [sys.executable, "-c", code], pass_fds=[theirs.fileno()], env={**os.environ, **ENVIRONMENT}
        )
        self._open.enter_context(started)
        theirs.close()
        return self._open.enter_context(ours)


keras_save, saved_model = KerasSave(), SavedModel()
