"""Keras' own tests of its GRU, from the installed Keras, run on tf_gru.GRU."""

import importlib
import unittest
import warnings

import keras
import pytest

import tf_gru

DIFFERENT: dict[str, str] = {}
"""Keras' tests that our layer does not pass, each with the reason: none."""
NOT_FOR_TENSORFLOW = {"test_torch_cudnn_dispatch_fires"}


class OurLayers:
    """keras.layers with another GRU in it."""

    GRU = tf_gru.GRU

    def __getattr__(self, name):
        return getattr(keras.layers, name)


def run(monkeypatch, layers) -> unittest.TestResult:
    """The outcome of Keras' tests, with these layers in place of Keras'."""
    module = importlib.import_module("keras.src.layers.rnn.gru_test")
    monkeypatch.setattr(module, "layers", layers)
    result = unittest.TestResult()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' tests warn about shuffling a generator
        unittest.defaultTestLoader.loadTestsFromTestCase(module.GRUTest).run(result)
    return result


def names(outcomes) -> set[str]:
    return {test.id().rpartition(".")[2].split()[0] for test, _ in outcomes}


@pytest.fixture(autouse=True)
def keras_as_it_was():
    """Restore the seed and the state that Keras' tests change."""
    policy = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(policy)


def test_our_layer_passes_keras_own_tests(monkeypatch):
    """This includes the generic test of layers: built, called, masked, saved, trained, in mixed precision."""
    result = run(monkeypatch, OurLayers())

    assert names(result.errors + result.failures) == set(DIFFERENT), [text for _, text in result.errors]
    assert names(result.skipped) == NOT_FOR_TENSORFLOW
    assert result.testsRun - len(result.skipped) - len(DIFFERENT) > 0


def test_keras_own_tests_can_fail(monkeypatch):
    """A layer that ignores its bias fails them, so the tested layer is really ours."""

    class WithoutBias(tf_gru.GRU):
        def __init__(self, units, **options):
            super().__init__(units, **{**options, "use_bias": False})

    layers = OurLayers()
    layers.GRU = WithoutBias

    result = run(monkeypatch, layers)

    assert {"test_masking", "test_statefulness"} <= names(result.failures)
