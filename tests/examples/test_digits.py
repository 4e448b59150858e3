"""The example prints everything that it promises for every held-out image, and its exit code agrees."""

import csv
import re

import pytest
from click.testing import CliRunner

IMAGE = re.compile(r"^│ +(\d+) │ +(\d) │ +(\d) │(.*)│$", re.MULTILINE)
SUMMARY = re.compile(r"^│ (\S+) +│ +(\d+) of (\d+) │ +(\S+) │ +\d+ │ +(\S+) │$", re.MULTILINE)
ACCURACY = re.compile(r"held-out accuracy (\S+) \((\d+) of (\d+)\); goal (\S+)")
pytestmark = pytest.mark.long


@pytest.fixture
def digits():
    """The example as a module that its child processes can import too."""
    import digits

    return digits


def run(digits, *options):
    """Run with few held-out images and any accuracy, so that one epoch is enough."""
    return CliRunner().invoke(digits.main, ["--epochs", "1", "--held-out", "18", "--goal", "0", *options])


def test_the_trained_classifier_is_read_alike_by_every_implementation(digits, tmp_path, broken):
    options = ["--held-out", "90", "--csv", str(tmp_path / "images.csv"), "--plot", str(tmp_path / "margins.svg")]

    result = CliRunner().invoke(digits.main, options)

    assert broken(result) == []
    assert "<svg" in (tmp_path / "margins.svg").read_text()
    accuracy, _, count, goal = ACCURACY.search(result.stdout).groups()
    assert float(accuracy) >= float(goal) == digits.GOAL
    summary = SUMMARY.findall(result.stdout)
    assert tuple(name for name, *_ in summary) == digits.IMPLEMENTATIONS
    assert all(same == all_images == count for _, same, all_images, *_ in summary)
    assert all(0 < float(median) <= float(worst) <= 1 for *_, worst, median in summary)
    images = IMAGE.findall(result.stdout)
    assert len(images) == int(count) == 90
    assert all(cells.count("=") == len(digits.IMPLEMENTATIONS) for *_, cells in images)
    with open(tmp_path / "images.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], row["label"], row["certified"]) for row in rows] == [tuple(image[:3]) for image in images]
    assert all(row[f"{name} class"] == row["certified"] for row in rows for name in digits.IMPLEMENTATIONS)


def test_an_implementation_without_reset_before_is_declined_in_its_own_words(digits, broken):
    result = run(digits, "--reset", "before")

    assert broken(result) == []
    assert "torch declined: torch.nn.GRU resets after the product only" in result.stdout
    others = [name for name in digits.IMPLEMENTATIONS if name != "torch"]
    assert [name for name, *_ in SUMMARY.findall(result.stdout)] == others


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("tf32_products", ["no margin is over 1"]),
        ("gates_swapped", ["every class equals the one of certified truth", "no margin is over 1"]),
    ],
)
def test_a_wrong_gru_makes_the_exit_code_1(digits, monkeypatch, broken, wrong, told):
    wrong = f"conformance.mutants:{wrong}"
    monkeypatch.setattr(digits, "IMPLEMENTATIONS", ("reference", wrong))

    result = run(digits)

    assert broken(result) == told
    margins = {name: float(worst) for name, _, _, worst, _ in SUMMARY.findall(result.stdout)}
    assert margins["reference"] <= 1 < margins[wrong]


def test_a_class_other_than_certified_truth_makes_the_exit_code_1(digits, monkeypatch, broken):
    """One step more or less in the mean changes a class."""
    monkeypatch.setattr(digits, "IMPLEMENTATIONS", ("reference",))
    right = digits.Digits.classes
    monkeypatch.setattr(
        digits.Digits,
        "classes",
        lambda digits, outputs: right(digits, outputs[:, :1] if outputs.dtype == "float32" else outputs),
    )
    assert broken(run(digits)) == ["every class equals the one of certified truth"]


def test_an_accuracy_below_the_goal_makes_the_exit_code_1(digits, monkeypatch, broken):
    monkeypatch.setattr(digits, "IMPLEMENTATIONS", ("reference",))

    result = run(digits, "--goal", "0.95")

    assert broken(result) == ["the accuracy is at least 0.95"]
    accuracy, *_, goal = ACCURACY.search(result.stdout).groups()
    assert float(accuracy) < float(goal) == 0.95


def test_another_seed_holds_other_images_out(digits, monkeypatch):
    monkeypatch.setattr(digits, "IMPLEMENTATIONS", ("reference",))

    one, other = ({image for image, *_ in IMAGE.findall(run(digits, "--seed", seed).stdout)} for seed in ("1", "2"))

    assert len(one) == len(other) == 18
    assert one != other
