"""Keras' own tests of keras.layers.GRU, with the layer's recurrence replaced by the mutant's.

Source: keras/src/layers/rnn/gru_test.py (Apache-2.0), as installed, on Keras' NumPy backend, where every call is eager.
Keras chooses the backend at import, so `judge_all` starts a separate process.

Inputs that Case does not represent run on Keras' own path: dropout in training, other activations, formats other than
float32. Left out: Bidirectional, whose tests do not belong to the GRU.
"""

import json
import os
import subprocess
import sys
import unittest
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference.layouts import from_keras
from studies.peers.verdicts import Verdict, answer_with_outputs, failing, flat

NAME = "Keras gru_test.py"
ROOT = str(Path(__file__).parents[2])
START = f"import sys; sys.path.append({ROOT!r}); from studies.peers.keras_suite import answer_stdin; answer_stdin()"


def version() -> str:
    """The version of the package with the tests."""
    return f"keras {metadata.version('keras')}"


def judge_all(names: Iterable[str]) -> dict[str, Verdict]:
    """The results of the tests for the mutants of these names (Emulated is the honest one), from a separate process."""
    environment = os.environ | {"KERAS_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", START], input=json.dumps(list(names)), capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"the process that runs Keras' tests ended with {done.returncode}:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: Verdict(tuple(tests), tuple(failed)) for name, (tests, failed) in found.items()}


def answer_stdin() -> None:
    """Read names as JSON from standard input, and print each one's tests and failures as JSON, in the last line of
    output.
    """
    from conformance.mutants import MUTANTS

    known = {type(mutant).__name__: type(mutant) for mutant in MUTANTS} | {"Emulated": Emulated}
    found = {name: judge(known[name]) for name in json.load(sys.stdin)}
    sys.stdout.write("\n" + json.dumps({name: [v.tests, v.failed] for name, v in found.items()}) + "\n")


def judge(mutant: type[Emulated]) -> Verdict:
    """The result of the tests for a mutant, in a process where Keras uses NumPy. tests: those that called the
    mutant.
    """
    from keras.saving import register_keras_serializable
    from keras.src import layers
    from keras.src.layers.rnn import gru_test

    genuine = layers.GRU
    asked: list[str] = []
    failed: list[str] = []
    layer = register_keras_serializable(mutant.__name__)(substitute(genuine, mutant))  # the tests save and load it
    layers.GRU = layer
    try:
        for test in flat(unittest.defaultTestLoader.loadTestsFromModule(gru_test)):
            if _skipped(test):
                continue
            layer.asked = 0
            wrong = failing([test])
            if layer.asked:
                asked.append(test.id().rpartition(".")[2])
                failed += wrong
            elif wrong:
                raise RuntimeError(f"{wrong[0]} fails without asking the mutant: Keras' own path fails here")
    finally:
        layers.GRU = genuine
    return Verdict(tuple(asked), tuple(failed))


def substitute(genuine: Any, mutant: type[Emulated]) -> Any:
    """A subclass of keras.layers.GRU with a mutant's recurrence, a new mutant for each layer. It counts calls."""

    class GRU(genuine):
        asked = 0

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.mutant = mutant()

        def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
            if not _carried(self, sequences, training):
                return super().inner_loop(sequences, initial_state, mask=mask, training=training)
            type(self).asked += 1
            return recurrence(self, self.mutant, sequences, initial_state, mask)

    return GRU


def recurrence(layer: Any, mutant: Emulated, sequences: Any, initial_state: Any, mask: Any) -> tuple[Any, Any, list]:
    """The result of inner_loop: the last output, all outputs in processing order, and the states.

    The mutant receives the caller's own arrays, so that the tests see a mutant that writes to them. The tests make new
    arrays each time.
    """
    state = initial_state[0] if isinstance(initial_state, list | tuple) else initial_state
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    weights = [np.array(weight) for weight in layer.cell.get_weights()]
    case = Case(
        inputs=np.asarray(sequences),
        parameters=(from_keras(weights, "after" if layer.cell.reset_after else "before"),),
        initial_state=(np.asarray(state),),
        mask=None if mask is None else np.array(mask, bool),
        reverse=layer.go_backwards,
        masked_outputs="zero" if layer.zero_output_for_mask else "carry",
    )
    outputs, final = answer_with_outputs(mutant, case)
    outputs = outputs[:, ::-1] if layer.go_backwards else outputs
    last = outputs[:, -1]
    return last, outputs if layer.return_sequences else last[:, None], [final]


def _carried(layer: Any, sequences: Any, training: bool) -> bool:
    """True if a Case can represent the call."""
    from keras import activations

    usual = layer.activation is activations.tanh and layer.recurrent_activation is activations.sigmoid
    drops = training and (layer.dropout or layer.recurrent_dropout)
    return isinstance(sequences, np.ndarray) and sequences.dtype == np.float32 and usual and not drops


def _skipped(test: unittest.TestCase) -> bool:
    """True if one of the test's own pytest marks skips it here, by backend."""
    method = getattr(test, test._testMethodName)
    marks = getattr(method, "pytestmark", ())
    return any(mark.name == "skipif" and mark.args[0] for mark in marks)
