"""Both directions tag more words than one, padding changes none, and the exit code reports a wrong GRU."""

import re

import pytest
from click.testing import CliRunner

LEARNT = re.compile(r"^│ (first vowel|one direction|both directions) +│ +(\S+) │$", re.MULTILINE)
JUDGED = re.compile(r"^│ (\S+) +│ +(\S+) │ +(\d+) │$", re.MULTILINE)
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def networks():
    """The trained networks by name, once for all tests of this file."""
    return {}


@pytest.fixture
def stress(monkeypatch, networks):
    """The example, with networks that are trained once."""
    import stress

    train = stress.trained

    def once(gru, words, epochs, name, bars):
        if name not in networks:
            networks[name] = train(gru, words, epochs, name, bars)
        return networks[name]

    monkeypatch.setattr(stress, "trained", once)
    return stress


def run(stress, *options):
    short = ("--words", "4000", "--epochs", "2", "--goal", "0.5", "--judged", "15")
    return CliRunner().invoke(stress.main, [*short, *options])


def test_both_directions_tag_more_words_and_wrong_reversals_are_found(stress, tmp_path, broken):
    result = run(stress, "--plot", str(tmp_path / "stress.svg"))

    assert broken(result) == []
    right = {name: float(part) for name, part in LEARNT.findall(result.stdout)}
    assert right["both directions"] >= 0.5
    assert right["both directions"] > right["one direction"]
    (ours, margin, none), *mistakes = JUDGED.findall(result.stdout)
    assert (ours, none) == ("tf_gru:graph", "0") and 0 < float(margin) <= 1
    assert [name for name, *_ in mistakes] == list(stress.MISTAKES)
    assert all(float(margin) > 1 and int(elsewhere) > 0 for _, margin, elsewhere in mistakes)
    assert "change when they are tagged without padding: 0" in result.stdout
    assert "<svg" in (tmp_path / "stress.svg").read_text()


@pytest.mark.parametrize("wrong", ["reverse_starts_in_the_padding", "final_states_swapped"])
def test_a_wrong_gru_ends_it(stress, monkeypatch, broken, wrong):
    """A wrong step, or the final state of the other direction, ends the example."""
    load = stress.load
    monkeypatch.setattr(stress, "load", lambda _: load(f"conformance.mutants:{wrong}"))
    assert broken(run(stress)) == ["the suite finds nothing wrong with the GRU"]


def test_words_are_compared_with_those_of_the_network_that_was_trained(stress, monkeypatch):
    """Every line has a wrong GRU: each moves the stress of some words."""
    load = stress.load
    monkeypatch.setattr(stress, "load", lambda _: load("conformance.mutants:reverse_output_not_aligned"))
    assert [int(elsewhere) > 0 for *_, elsewhere in JUDGED.findall(run(stress).stdout)] == [True] * 3


def test_a_mistake_that_is_not_found_ends_it(stress, monkeypatch, broken):
    load = stress.load
    monkeypatch.setattr(stress, "load", lambda _: load("tf_gru:graph"))
    assert broken(run(stress)) == ["the suite finds each mistake"]


def test_a_goal_that_is_not_reached_ends_it(stress, broken):
    assert broken(run(stress, "--goal", "1")) == ["both directions are right in 1.0 of the words"]


def test_both_directions_that_are_no_better_end_it(stress, monkeypatch, broken):
    train = stress.trained
    monkeypatch.setattr(
        stress, "trained", lambda _, *rest: train(stress.BiGRU(stress.UNITS), *rest[:2], "both directions", rest[-1])
    )
    assert broken(run(stress)) == ["both directions do better than one"]


def test_words_cut_short_end_it(stress, monkeypatch, broken):
    """Padding counted as sounds, and sounds counted as padding, end the example."""
    alone = stress.without_padding
    monkeypatch.setattr(stress, "without_padding", lambda words: alone(words._replace(lengths=words.lengths - 2)))
    assert broken(run(stress)) == ["padding changes no word"]
