"""Both directions tag more words than one, padding changes none, and the exit code says when a GRU is wrong."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

EXAMPLES = Path(__file__).parents[2] / "examples"
LEARNT = re.compile(r"^│ (first vowel|one direction|both directions) +│ +(\S+) │$", re.MULTILINE)
JUDGED = re.compile(r"^│ (\S+) +│ +(\S+) │ +(\d+) │$", re.MULTILINE)


@pytest.fixture(scope="module")
def networks():
    """The networks that were trained, by name: once for all tests of this file."""
    return {}


@pytest.fixture
def stress(monkeypatch, networks):
    """The example with few words, and content with what can be learnt from them."""
    monkeypatch.syspath_prepend(EXAMPLES)
    import stress

    train = stress.trained

    def once(gru, words, epochs, name):
        if name not in networks:
            networks[name] = train(gru, words, epochs, name)
        return networks[name]

    monkeypatch.setattr(stress, "trained", once)
    monkeypatch.setattr(stress, "JUDGED", 15)
    monkeypatch.setattr(stress, "GOAL", 0.5)
    return stress


def run(stress, *options):
    return CliRunner().invoke(stress.main, ["--words", "4000", "--epochs", "2", *options])


def test_both_directions_tag_more_words_and_wrong_reversals_are_found(stress, tmp_path):
    result = run(stress, "--plot", str(tmp_path / "stress.svg"))

    assert result.exit_code == 0, result.output
    right = {name: float(part) for name, part in LEARNT.findall(result.stdout)}
    assert right["both directions"] >= stress.GOAL
    assert right["both directions"] > right["one direction"]
    (ours, margin, none), *mistakes = JUDGED.findall(result.stdout)
    assert (ours, none) == ("tf_gru:graph", "0") and 0 < float(margin) <= 1
    assert [name for name, *_ in mistakes] == list(stress.MISTAKES)
    assert all(float(margin) > 1 and int(elsewhere) > 0 for _, margin, elsewhere in mistakes)
    assert "change when they are tagged without padding: 0" in result.stdout
    assert "<svg" in (tmp_path / "stress.svg").read_text()


def test_a_wrong_gru_ends_it(stress, monkeypatch):
    load = stress.load
    monkeypatch.setattr(stress, "load", lambda _: load("conformance.mutants:reverse_starts_in_the_padding"))
    assert run(stress).exit_code == 1


def test_a_mistake_that_is_not_found_ends_it(stress, monkeypatch):
    load = stress.load
    monkeypatch.setattr(stress, "load", lambda _: load("tf_gru:graph"))
    assert run(stress).exit_code == 1


def test_a_network_that_learnt_nothing_ends_it(stress, monkeypatch):
    monkeypatch.setattr(stress, "GOAL", 1.0)
    assert run(stress).exit_code == 1
