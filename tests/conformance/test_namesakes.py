"""A project with its own packages `reference` and `conformance`, beside an installed distribution."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = """
from conformance import Adapter, Arithmetic, Capabilities, Case, Outputs
import numpy as np

def run(case: Case) -> Outputs:
    from model import step
    h, outputs = case.starts[0], []
    for t in range(case.time):
        outputs.append(h := step(case.single, case.inputs[:, t], h))
    return Outputs(np.stack(outputs, 1) if outputs else np.zeros((case.batch, 0, case.units), case.dtype), h)

claim = Arithmetic(dtype="float64", activation="8 ULP", source="NumPy")
gru = Adapter(run, Capabilities(arithmetic={"float64": claim}))
"""
MODEL = """
import numpy as np

def sigmoid(a):
    return np.where(a >= 0, 1, np.exp(-abs(a))) / (1 + np.exp(-abs(a)))

def step(p, x, h):
    x_z, x_r, x_n = x @ p.kernel + p.bias[0][:, None]
    h_z, h_r, h_n = h @ p.recurrent_kernel + p.bias[1][:, None]
    z = sigmoid(x_z + h_z)
    return z * h + (1 - z) * np.tanh(x_n + sigmoid(x_r + h_r) * h_n)
"""
PROJECT = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "reference/__init__.py": "ANSWER = 42\n",
    "reference/layouts.py": "SIDES = 4\n",
    "conformance/__init__.py": "from conformance.rules import RULES\n",
    "conformance/rules.py": "RULES = ['be kind']\n",
    "tf_gru.py": "LETTERS = 'tf_gru'\n",
    "studies/__init__.py": "",
    "tests/test_theirs.py": (
        "import sys, tf_gru, conformance, reference.layouts\n"
        "from studies import __file__ as studies\n"
        "def test_theirs():\n"
        "    assert (reference.ANSWER, reference.layouts.SIDES) == (42, 4)\n"
        "    assert (conformance.RULES, tf_gru.LETTERS) == (['be kind'], 'tf_gru')\n"
        "    assert not {'gru_conformance', 'conformance.plugin', 'conformance.interface'} & {*sys.modules}\n"
    ),
    "mine.py": ADAPTER,
    "model.py": MODEL,
    "wrapper.py": ADAPTER.replace("import numpy as np", "import numpy as np\nfrom reference import ANSWER"),
    "deep.py": ADAPTER.replace("import numpy as np", "import numpy as np\nfrom wrong_model import theirs"),
    "wrong_model.py": MODEL.replace("import numpy as np", "import importlib\nimport numpy as np")
    + "theirs = importlib.import_module('tf_gru')\n",
    "ruled.py": ADAPTER + "from conformance.rules import RULES\n",
    "conftest.py": "",
}
CASE = """{"dtype": "float64", "reset": "after", "inputs": [[[0.5], [-1.25]]], "parameters": {
"kernel": [[[0.1]], [[0.3]], [[0.75]]], "recurrent_kernel": [[[0.1]], [[0.5]], [[-0.1]]],
"bias": [[[0], [0], [0]], [[0], [0], [0.25]]]}}"""
COMMANDS = {
    "run": ("run", "mine:gru", "--clause", "units-permuted", "--jobs", "1"),
    "again": ("again", "mine:gru", "step-after", "@case.json"),
    "replay": ("vectors", "replay", "mine:gru", "--vector", "closed-forms-halved-after"),
    "identify": ("identify", "mine:gru"),
    "diagnose": ("diagnose", "mine:gru"),
    "probe": ("probe", "mine:gru", "--rounds", "0"),
    "oracle": ("oracle", "case.json"),
    "program": ("run", "--process", f"{sys.executable} program.py", "--clause", "units-permuted", "--jobs", "1"),
}
SELECT = ("-q", "-p", "no:cacheprovider", "-k", "theirs or smoke or units-permuted and float64")


def made(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(PROJECT[name])
    (root / "case.json").write_text(CASE)
    shutil.copy(ROOT / "tests/conformance/programs.py", root / "program.py")
    return root


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return made(tmp_path_factory.mktemp("project"), PROJECT)


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A folder with adapters in which only reference.py has a name of the suite."""
    root = made(tmp_path_factory.mktemp("beside"), ("mine.py", "model.py", "wrapper.py"))
    (root / "reference.py").write_text("ANSWER = 42\ngru = None\n")
    return root


def called(folder, *command, **environment):
    """The exit code and the output of a command, for a user who has set none of Python's variables."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    done = subprocess.run(command, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


PYTHON = sys.executable
GRU_CONFORMANCE = str(Path(PYTHON).parent / "gru-conformance")


OURS = ("--gru", "mine:gru", "--gru", "reference")


@pytest.mark.parametrize(
    ("mode", "given", "passed"), [("prepend", (), 1), ("prepend", OURS, 5), ("importlib", OURS[:2], 3)]
)
def test_the_tests_of_another_project_pass_untouched_and_ours_run_beside_them(project, mode, given, passed):
    code, printed = called(project, PYTHON, "-m", "pytest", f"--import-mode={mode}", *SELECT, *given)
    assert (code, f"{passed} passed" in printed) == (0, True), printed


FOLDERS = {
    "reference/answers.py": "ANSWER = 42\n",
    "conformance/rules.py": "RULES = ['be kind']\n",
    "tests/test_theirs.py": (
        "import sys, reference.answers\n"
        "from conformance import rules\n"
        "def test_theirs():\n"
        "    assert (reference.answers.ANSWER, rules.RULES) == (42, ['be kind'])\n"
        "    assert not {'reference.sequence', 'conformance.interface'} & {*sys.modules}\n"
        "def test_what_theirs_do_not_have():\n"
        "    from conformance import Adapter\n"
        "    from reference import Parameters\n"
        "    assert Adapter.__module__ == 'conformance.interface.adapter'\n"
        "    assert Parameters.__module__ == 'reference.parameters'\n"
    ),
}


def test_folders_without_init_are_the_projects_own_and_the_suite_stands_behind_them(tmp_path):
    """The path also has installed packages of the same names, as from a wheel. Python alone would prefer them."""
    installed = tmp_path / "installed"
    for name in ("reference", "conformance", "tf_gru"):
        shutil.copytree(ROOT / name, installed / name, ignore=shutil.ignore_patterns("__pycache__", "vectors", "*.so"))
    for name in ("gru_conformance.py", "gru_conformance_pytest.py"):
        shutil.copy(ROOT / name, installed)
    root = tmp_path / "project"
    for name, content in FOLDERS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)

    code, printed = called(root, PYTHON, "-m", "pytest", *SELECT[:3], PYTHONPATH=str(installed))

    assert (code, "2 passed" in printed) == (0, True), printed


def test_the_command_pytest_finds_the_adapter_in_the_root(project):
    """In safe-path mode only the project's settings put the root on the path of its tests."""
    code, printed = called(
        project, PYTHON, "-P", "-m", "pytest", "-o", "pythonpath=.", "--gru", "mine:gru", *SELECT, PYTHONSAFEPATH="1"
    )
    assert (code, "3 passed" in printed) == (0, True), printed


def test_pytest_in_several_processes_finds_the_adapter_from_a_folder_below_it(project):
    command = (PYTHON, "-m", "pytest", "-n", "2", "--gru", "mine:gru", *SELECT)
    code, printed = called(project / "tests", *command, PYTHONPATH=str(project))
    assert (code, "3 passed" in printed) == (0, True), printed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_judges_an_adapter_beside_a_file_reference(beside, command):
    code, printed = called(beside, PYTHON, "-m", "conformance", *COMMANDS[command])
    assert code == 0, printed


@pytest.mark.parametrize(
    ("command", "path"), [("run", {}), ("run", {"PYTHONPATH": "."}), ("replay", {"PYTHONPATH": "."}), ("identify", {})]
)
def test_a_command_judges_an_adapter_in_a_project_with_all_the_names(project, command, path):
    code, printed = called(project, GRU_CONFORMANCE, *COMMANDS[command], **path)
    assert code == 0, printed


@pytest.mark.parametrize(
    ("command", "name", "file", "line", "module"),
    [
        ((GRU_CONFORMANCE, "run"), "wrapper:gru", "wrapper.py", 4, "reference"),
        ((GRU_CONFORMANCE, "identify"), "deep:gru", "wrong_model.py", 13, "tf_gru"),
        ((GRU_CONFORMANCE, "diagnose"), "ruled:gru", "ruled.py", 14, "conformance.rules"),
        ((PYTHON, "-m", "pytest", "--gru"), "wrapper:gru", "wrapper.py", 4, "reference"),
    ],
)
def test_an_adapter_that_imports_a_module_of_both_is_refused_by_file_and_line(
    project, command, name, file, line, module
):
    code, printed = called(project, *command, name)
    text = " ".join(printed.split())
    assert f"{project / file}, line {line}, imports {module}, and {project}" in text
    assert "one process cannot hold both: rename yours" in text
    assert code == (pytest.ExitCode.USAGE_ERROR if "pytest" in command else 2)


def test_an_adapter_that_is_itself_called_reference_is_refused(beside):
    code, printed = called(beside, PYTHON, "-m", "conformance", "run", "reference:gru")
    assert code == 2
    assert "reference.py" in printed
    assert "rename yours" in " ".join(printed.split())


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """A folder with all installed packages except this distribution's."""
    folder = tmp_path_factory.mktemp("others")
    for place in dict.fromkeys(path for path in sys.path if path.endswith("-packages")):
        for entry in Path(place).iterdir():
            if not entry.name.startswith(("tf_gru", "conformance", "reference", "gru_conformance", "__editable__")):
                with contextlib.suppress(FileExistsError):
                    (folder / entry.name).symlink_to(entry)
    return str(folder)


def test_a_clone_that_is_not_installed_runs(others):
    for command in (("--version",), ("run", "reference", "--clause", "units-permuted", "--jobs", "1")):
        code, printed = called(ROOT, PYTHON, "-S", "-m", "conformance", *command, PYTHONPATH=others)
        assert code == 0, printed


def test_a_clone_without_the_packages_that_it_needs_names_the_command_that_installs_them():
    code, printed = called(ROOT, PYTHON, "-S", "-m", "conformance", "list")
    assert code == 1
    assert printed.startswith("No module named 'click'; install what the suite needs: ")
    assert printed.endswith(f" -m pip install -e '{ROOT}[conformance]'\n")
