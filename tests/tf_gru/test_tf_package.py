"""The requirements and the names of an import of tf_gru."""

import importlib
import sys
from types import SimpleNamespace

import pytest

import tf_gru


def test_the_public_names_are_there():
    """The package's public names are exactly those in __all__."""
    assert tf_gru.__all__ == ["GRU", "BiGRU", "GRUCell", "from_keras", "gru", "to_keras"]
    assert all(getattr(tf_gru, name).__doc__ for name in tf_gru.__all__)


@pytest.mark.parametrize(
    ("module", "instead", "message"),
    [
        ("tensorflow", None, "tf_gru needs TensorFlow: pip install 'tf-gru[tf]'"),
        (
            "keras",
            SimpleNamespace(backend=SimpleNamespace(backend=lambda: "jax")),
            "tf_gru needs Keras on TensorFlow, but Keras runs on 'jax': set KERAS_BACKEND=tensorflow",
        ),
    ],
)
def test_a_missing_package_is_named_in_one_line(monkeypatch, module, instead, message):
    """Without TensorFlow, or with Keras on another backend, the import fails with a message that tells what to do."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "tf_gru"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, instead)

    with pytest.raises(ImportError) as failed:
        importlib.import_module("tf_gru")

    assert str(failed.value).startswith(message)
    assert failed.value.__context__ is None or failed.value.__suppress_context__
