"""The example finds the same weights on two devices and on one, and would see others."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
WEIGHT = re.compile(r"^│ (\S+) +│ (\d+) +│ (\d+) +│$", re.MULTILINE)
WITHOUT_A_GOAL = "import two_devices; two_devices.GOAL = 0.0; two_devices.HELD_OUT = 0.8"
UNSUMMED = "two_devices.total = lambda gradients: gradients[0]"


def run(*lines, options=("--epochs", "1")):
    """The example in a process of its own, since devices are made before TensorFlow starts."""
    script = "\n".join([f"import sys; sys.path.insert(0, {str(EXAMPLES)!r})", *lines, f"two_devices.main({options})"])
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def broken(result) -> list[str]:
    named = re.findall(r"^does not hold: (.*)$", result.stderr, re.MULTILINE)
    assert result.returncode == (1 if named else 0), result.stderr
    return named


def test_two_devices_and_one_have_the_same_weights(tmp_path):
    result = run(WITHOUT_A_GOAL, options=("--epochs", "2", "--plot", str(tmp_path / "losses.svg")))

    assert broken(result) == []
    assert "<svg" in (tmp_path / "losses.svg").read_text()
    weights = WEIGHT.findall(result.stdout)
    assert len(weights) == 5
    assert all(numbers == equal for _, numbers, equal in weights)


def test_gradients_that_are_not_summed_make_the_exit_code_1():
    result = run(WITHOUT_A_GOAL, UNSUMMED)

    assert broken(result) == ["all weights are equal"]
    assert any(numbers != equal for _, numbers, equal in WEIGHT.findall(result.stdout))


def test_an_accuracy_below_the_goal_makes_the_exit_code_1():
    result = run("import two_devices; two_devices.GOAL = 1.1; two_devices.HELD_OUT = 0.9")

    assert broken(result) == ["the accuracy is at least 1.1"]
    assert all(numbers == equal for _, numbers, equal in WEIGHT.findall(result.stdout))


def test_a_missing_package_is_named_with_what_installs_it():
    path = str(EXAMPLES / "two_devices.py")
    script = f"import runpy, sys; sys.modules['rich'] = None; runpy.run_path({path!r})"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert result.stderr == "examples/two_devices.py needs rich: pip install 'tf-gru[examples]'\n"
