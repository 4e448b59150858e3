"""What importing tf_gru needs and brings."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tf_gru


def _imported(source: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name} imports relatively"
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_no_file_imports_the_reference_or_the_suite():
    """The package shares no code with what judges it."""
    sources = sorted(Path(tf_gru.__file__).parent.rglob("*.py"))

    third_party = set().union(*map(_imported, sources)) - set(sys.stdlib_module_names)

    assert third_party == {"tf_gru", "tensorflow", "keras", "numpy"}


def test_the_public_names_are_there():
    """What __all__ promises, and no more, is the package's face."""
    assert tf_gru.__all__ == ["GRU", "BiGRU", "GRUCell", "from_keras", "gru"]
    assert all(getattr(tf_gru, name).__doc__ for name in tf_gru.__all__)


WITHOUT_TENSORFLOW = "sys.modules['tensorflow'] = None"
WITH_KERAS_ON_JAX = """
from types import SimpleNamespace
sys.modules['keras'] = SimpleNamespace(backend=SimpleNamespace(backend=lambda: 'jax'))
"""


@pytest.mark.parametrize(
    ("circumstance", "message"),
    [
        (WITHOUT_TENSORFLOW, "tf_gru needs TensorFlow: pip install 'tf-gru[tf]'"),
        (
            WITH_KERAS_ON_JAX,
            "tf_gru needs Keras on TensorFlow, but Keras runs on 'jax': set KERAS_BACKEND=tensorflow",
        ),
    ],
)
def test_what_is_missing_is_named_in_one_line(circumstance, message):
    """Without TensorFlow, or with Keras on another backend, the import fails with what to do."""
    program = f"import sys\n{circumstance}\nimport tf_gru"
    root = Path(tf_gru.__file__).parents[1]

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(f"ImportError: {message}")
    assert "During handling" not in run.stderr
