"""Keras' own tests of its GRU layer, from the installed package, by unittest: tests and tolerances are its own.

The layer's recurrence is replaced where it is called eagerly, with the default activations and without dropout; what
Keras traces for itself runs as Keras has it. A test counts where the subject was asked at all.
"""

import unittest
from contextlib import contextmanager
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf
from keras.src.layers.rnn import gru_test

from conformance.case import Case
from conformance.emulated import Emulated
from reference.layouts import from_keras

NAME = "Keras gru_test.py"
VERSION = f"keras {keras.__version__}, tensorflow {tf.__version__}"
SOURCE = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/layers/rnn/gru_test.py"


class Asking(keras.layers.GRU):
    """Keras' layer with a subject's numbers."""

    gru = Emulated()
    asked = 0

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """What Keras' does: the last output, the outputs in processing order, and the state."""
        plain = keras.activations.tanh, keras.activations.sigmoid
        ours = (self.cell.activation, self.cell.recurrent_activation) == plain and not (self.dropout and training)
        if not tf.executing_eagerly() or not ours:
            return super().inner_loop(sequences, initial_state, mask, training)
        Asking.asked += 1
        weights = [np.asarray(weight) for weight in self.cell.get_weights()]
        reset = "after" if self.cell.reset_after else "before"
        state = initial_state[0] if isinstance(initial_state, list | tuple) else initial_state
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        case = Case(
            inputs=np.asarray(sequences),
            parameters=(from_keras(weights, reset),),
            initial_state=(np.asarray(state),),
            mask=None if mask is None else np.asarray(mask).reshape(sequences.shape[:2]).astype(bool),
            reverse=self.go_backwards,
            masked_outputs="zero" if self.zero_output_for_mask else "carry",
        )
        answer = Asking.gru.run(case)
        outputs = answer.outputs[:, ::-1] if self.go_backwards else answer.outputs
        return (
            tf.constant(outputs[:, -1]),
            tf.constant(np.ascontiguousarray(outputs)),
            [tf.constant(answer.final_state)],
        )


@contextmanager
def _in_its_place() -> Any:
    with mock.patch.object(gru_test.layers, "GRU", Asking):
        yield


def _run(gru: Emulated, names: list[str] | None = None) -> dict[str, tuple[bool, int]]:
    """For each test: whether it passed, and how often the subject was asked."""
    found = {}
    Asking.gru = gru
    for test in unittest.defaultTestLoader.loadTestsFromTestCase(gru_test.GRUTest):
        name = test.id().rpartition(".")[2]
        if names is not None and name not in names:
            continue
        Asking.asked, result = 0, unittest.TestResult()
        with _in_its_place():
            test.run(result)
        found[name] = (result.wasSuccessful(), Asking.asked)
    return found


def tests() -> list[str]:
    """The names of the tests in which the subject is asked."""
    return sorted(name for name, (_, asked) in _run(Emulated()).items() if asked)


def failing(gru: Emulated) -> list[str]:
    """The tests that fail on a subject, of those in which it is asked."""
    return sorted(name for name, (passed, _) in _run(gru, tests_asked()).items() if not passed)


def tests_asked() -> list[str]:
    """As tests, found once."""
    if not _ASKED:
        _ASKED.extend(tests())
    return _ASKED


_ASKED: list[str] = []
