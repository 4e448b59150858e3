"""The example says what it promises, for every held-out image, and its exit code follows."""

import csv
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

IMAGE = re.compile(r"^│ +(\d+) │ +(\d) │ +(\d) │(.*)│$", re.MULTILINE)
SUMMARY = re.compile(r"^│ (\S+) +│ +(\d+) of (\d+) │ +(\S+) │ +\d+ │ +(\S+) │$", re.MULTILINE)
ACCURACY = re.compile(r"held-out accuracy (\S+) \((\d+) of (\d+)\); goal (\S+)")


@pytest.fixture
def digits(monkeypatch):
    """The example as a module that its child processes find too, with few held-out images."""
    import digits

    monkeypatch.setattr(digits, "HELD_OUT", 0.01)
    return digits


@pytest.fixture
def without_a_goal(digits, monkeypatch):
    """... and content with any accuracy, so that one epoch will do."""
    monkeypatch.setattr(digits, "GOAL", 0.0)
    return digits


def run(digits, *options):
    return CliRunner().invoke(digits.main, options)


def test_the_trained_classifier_is_read_alike_by_every_implementation(digits, monkeypatch, tmp_path, broken):
    monkeypatch.setattr(digits, "HELD_OUT", 0.05)

    result = run(digits, "--csv", str(tmp_path / "images.csv"), "--plot", str(tmp_path / "margins.svg"))

    assert broken(result) == []
    assert "<svg" in (tmp_path / "margins.svg").read_text()
    accuracy, _, count, goal = ACCURACY.search(result.stdout).groups()
    assert float(accuracy) >= float(goal) == digits.GOAL
    summary = SUMMARY.findall(result.stdout)
    assert tuple(name for name, *_ in summary) == digits.IMPLEMENTATIONS
    assert all(same == all_images == count for _, same, all_images, *_ in summary)
    assert all(0 < float(median) <= float(worst) <= 1 for *_, worst, median in summary)
    images = IMAGE.findall(result.stdout)
    assert len(images) == int(count)
    assert all(cells.count("=") == len(digits.IMPLEMENTATIONS) for *_, cells in images)
    with open(tmp_path / "images.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], row["label"], row["truth"]) for row in rows] == [tuple(image[:3]) for image in images]
    assert all(row[f"{name} class"] == row["truth"] for row in rows for name in digits.IMPLEMENTATIONS)


def test_an_implementation_without_reset_before_is_declined_in_its_own_words(without_a_goal, broken):
    result = run(without_a_goal, "--epochs", "1", "--reset", "before")

    assert broken(result) == []
    assert "torch declined: torch.nn.GRU resets after the product only" in result.stdout
    others = [name for name in without_a_goal.IMPLEMENTATIONS if name != "torch"]
    assert [name for name, *_ in SUMMARY.findall(result.stdout)] == others


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("tf32_products", ["no margin is over 1"]),
        ("gates_swapped", ["every class is that of certified truth", "no margin is over 1"]),
    ],
)
def test_a_wrong_gru_makes_the_exit_code_1(without_a_goal, monkeypatch, broken, wrong, told):
    wrong = f"conformance.mutants:{wrong}"
    monkeypatch.setattr(without_a_goal, "IMPLEMENTATIONS", ("reference", wrong))

    result = run(without_a_goal, "--epochs", "1")

    assert broken(result) == told
    margins = {name: float(worst) for name, _, _, worst, _ in SUMMARY.findall(result.stdout)}
    assert margins["reference"] <= 1 < margins[wrong]


def test_a_class_other_than_that_of_truth_makes_the_exit_code_1(without_a_goal, monkeypatch, broken):
    """As one step more or less in the mean does."""
    monkeypatch.setattr(without_a_goal, "IMPLEMENTATIONS", ("reference",))
    right = without_a_goal.Digits.classes
    monkeypatch.setattr(
        without_a_goal.Digits,
        "classes",
        lambda digits, outputs: right(digits, outputs[:, :1] if outputs.dtype == "float32" else outputs),
    )
    assert broken(run(without_a_goal, "--epochs", "1")) == ["every class is that of certified truth"]


def test_an_accuracy_below_the_goal_makes_the_exit_code_1(digits, monkeypatch, broken):
    monkeypatch.setattr(digits, "IMPLEMENTATIONS", ("reference",))

    result = run(digits, "--epochs", "1")

    assert broken(result) == [f"the accuracy is at least {digits.GOAL}"]
    accuracy, *_, goal = ACCURACY.search(result.stdout).groups()
    assert float(accuracy) < float(goal)


def test_a_missing_package_is_named_with_what_installs_it(examples):
    script = f"import runpy, sys; sys.modules['torch'] = None; runpy.run_path({str(examples / 'digits.py')!r})"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert result.stderr == "examples/digits.py needs torch: pip install 'tf-gru[examples]'\n"
