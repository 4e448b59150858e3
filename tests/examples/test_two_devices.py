"""The example finds equal weights on two devices and on one, and reports different ones."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
WEIGHT = re.compile(r"^│ (\S+) +│ (\d+) +│ (\d+) +│$", re.MULTILINE)
pytestmark = pytest.mark.long
SHORT = ("--epochs", "1", "--held-out", "1438", "--goal", "0")
UNSUMMED = "two_devices.total = lambda gradients: gradients[0]"
SHOWN = """
split = two_devices.train_test_split
def shown(*given, **options):
    found = split(*given, **options)
    print("held out", found[3].tolist())
    return found
two_devices.train_test_split = shown
"""


def run(*lines, options=()):
    """Run the example in a separate process, because devices are made before TensorFlow starts."""
    imports = f"import sys; sys.path.insert(0, {str(EXAMPLES)!r}); import two_devices"
    script = "\n".join([imports, *lines, f"two_devices.main({(*SHORT, *options)})"])
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def broken(result) -> list[str]:
    named = re.findall(r"^does not hold: (.*)$", result.stderr, re.MULTILINE)
    assert result.returncode == (1 if named else 0), result.stderr
    return named


def test_two_devices_and_one_have_the_same_weights(tmp_path):
    result = run(options=("--epochs", "2", "--plot", str(tmp_path / "losses.svg")))

    assert broken(result) == []
    assert "<svg" in (tmp_path / "losses.svg").read_text()
    weights = WEIGHT.findall(result.stdout)
    assert len(weights) == 5
    assert all(numbers == equal for _, numbers, equal in weights)


def test_gradients_that_are_not_summed_make_the_exit_code_1():
    result = run(UNSUMMED)

    assert broken(result) == ["all weights are equal"]
    assert any(numbers != equal for _, numbers, equal in WEIGHT.findall(result.stdout))


def test_an_accuracy_below_the_goal_makes_the_exit_code_1():
    result = run(options=("--goal", "1"))

    assert broken(result) == ["the accuracy is at least 1.0"]
    assert all(numbers == equal for _, numbers, equal in WEIGHT.findall(result.stdout))


def test_another_seed_holds_other_images_out():
    one, other = (re.search(r"^held out .*$", run(SHOWN, options=("--seed", seed)).stdout, re.M) for seed in "12")

    assert one and other and one[0] != other[0]
