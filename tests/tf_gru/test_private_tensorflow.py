"""One file has all private names of TensorFlow, and without any of them the rest works or refuses with a message."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from tf_gru import export, private_tensorflow
from tf_gru.kernels import chosen, facts

INPUTS = tf.ones((2, 20, 3))
WEIGHTS = [tf.ones(shape) for shape in ((3, 12), (4, 12), (2, 12))]
PRIVATE = ("tensorflow.python", "tensorflow.compiler", "tensorflow.core", "tensorflow._api", "tensorflow.lite.python")


def private_imports(source):
    """The lines of a program that import a private module of TensorFlow, in any way."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node).replace("tf.", "tensorflow.", 1)]
        if any(name.startswith(PRIVATE) for name in names):
            yield ast.unparse(node)


def test_one_file_has_private_names():
    sources = {path.name: path.read_text() for path in Path(tf_gru.__file__).parent.rglob("*.py")}
    assert {name for name, source in sources.items() if "tensorflow.{module}" in source} == {"private_tensorflow.py"}
    assert {name: found for name, source in sources.items() if (found := list(private_imports(source)))} == {}


@pytest.mark.parametrize(
    "line",
    ["from tensorflow.python.eager import context", "import tensorflow.compiler.xla", "tf.python.ops.x()",
     "from tensorflow import python"],
)  # fmt: skip
def test_a_private_name_elsewhere_would_be_seen(line):
    assert list(private_imports(f"import tensorflow as tf\n{line}"))


def without(monkeypatch, name):
    """Simulate a release of TensorFlow without one of these names."""
    assert getattr(private_tensorflow, name) is not None
    monkeypatch.setattr(private_tensorflow, name, None)


def kernels(call):
    return {each.kernel for each in chosen(call)}


def call(**options):
    return tf_gru.gru(INPUTS, *WEIGHTS, **options)


@pytest.mark.parametrize("name", ["PACK_TANGENTS", "TAPES"])
def test_derivatives_that_are_not_announced_are_left_to_tensorflow(monkeypatch, name):
    without(monkeypatch, name)

    assert kernels(call) == kernels(tf.function(call, autograph=False)) == {"autodiff"}
    with pytest.raises(ValueError, match="has no derivative that this TensorFlow does not announce"):
        call(jit=True)


def test_where_xla_is_not_announced_graphs_are_without_the_op_of_cudnn(monkeypatch):
    without(monkeypatch, "IN_XLA")

    for compiled in (False, True):
        assert np.all(np.isfinite(tf.function(call, jit_compile=compiled)()[0]))
    monkeypatch.setattr(facts, "gpu_is_visible", lambda: True)
    with pytest.raises(ValueError, match="use_cudnn is True, but this TensorFlow does not say whether XLA"):
        tf.function(lambda: call(use_cudnn=True), autograph=False)()


def test_where_devices_are_not_announced_the_op_of_cudnn_is_left_out(monkeypatch):
    without(monkeypatch, "CONTEXT")
    monkeypatch.setattr(facts, "gpu_is_visible", lambda: True)

    assert kernels(call) == {"loop"}
    with pytest.raises(ValueError, match="use_cudnn is True, but this TensorFlow does not say on which device"):
        call(use_cudnn=True)


def test_a_layer_in_litert_is_refused_without_its_operator(monkeypatch):
    without(monkeypatch, "DYNAMIC_UPDATE_SLICE")
    layer = tf_gru.GRU(4)
    layer(INPUTS)

    with (
        export.exporting_to("litert"),
        pytest.raises(
            NotImplementedError, match="has no dynamic_update_slice, which a layer in LiteRT needs: use another"
        ),
    ):
        tf.function(layer, autograph=False)(INPUTS)
    with export.exporting_to("onnx"):
        tf.function(layer, autograph=False)(INPUTS)


PROGRAM = """
import sys
import keras, tensorflow as tf

gone = ("python.eager.context", "python.eager.forwardprop_util", "python.ops.gradients_util",
        "python.ops.control_flow_util", "compiler.tf2xla.python.xla")
for module in gone:
    sys.modules[f"tensorflow.{module}"] = None
import tf_gru
from tf_gru import private_tensorflow

assert not any(getattr(private_tensorflow, name) for name in dir(private_tensorflow) if name.isupper() and
               name != "HIGHER_ORDER")
layer, x = tf_gru.GRU(2), tf.ones((2, 20, 3))
layer(x)

def train():
    with tf.GradientTape() as tape:
        y = layer(x)
    return tape.gradient(y, layer.trainable_weights)

for call in (train, tf.function(train), tf.function(train, jit_compile=True)):
    print(*(gradient.shape for gradient in call()))
"""


def test_the_package_imports_and_runs_without_any_of_them():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["(3, 6) (2, 6) (2, 6)"] * 3
