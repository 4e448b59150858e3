"""The tutorial's class and tf_gru's layers agree with truth, and mistakes do not. The exit code reports any
exception.
"""

import re

import pytest
from click.testing import CliRunner

ROW = re.compile(r"^│ (\S.*?) +│ +(\S+) │ +(\S*) │$", re.MULTILINE)
pytestmark = pytest.mark.long


@pytest.fixture
def then_and_now():
    import then_and_now

    return then_and_now


def run(then_and_now, *options):
    return CliRunner().invoke(then_and_now.main, ["--words", "12", *options])


def test_both_are_within_their_bounds_and_mistakes_are_not(then_and_now, tmp_path, broken):
    result = run(then_and_now, "--plot", str(tmp_path / "reversed.svg"))

    assert broken(result) == []
    rows = {name: (float(then), now and float(now)) for name, then, now in ROW.findall(result.stdout)}
    assert list(rows) == [*then_and_now.PARTS, *then_and_now.MISTAKES]
    for name in then_and_now.PARTS:
        assert all(0 < margin <= 1 for margin in rows[name])
    assert all(rows[name][0] > 1 and rows[name][1] == "" for name in then_and_now.MISTAKES)
    assert "<svg" in (tmp_path / "reversed.svg").read_text()


def test_weights_in_another_order_than_the_tutorials_are_reported(then_and_now, monkeypatch, broken):
    """With the input gate in place of the update gate, the judged GRU differs from the tutorial's."""
    usual = then_and_now.weights_of
    monkeypatch.setattr(then_and_now, "weights_of", lambda gru, reset: usual(exchanged(gru, reset), reset))
    assert broken(run(then_and_now)) == ["the suite finds nothing wrong with the tutorial's class"]


def exchanged(gru, reset):
    if reset == "none":
        return gru
    names = {"Wf": gru.Wi, "Uf": gru.Ui, "bf": gru.bi, "Wi": gru.Wf, "Ui": gru.Uf, "bi": gru.bf}
    return type("Exchanged", (), {**vars(gru), **names})


def test_a_reversal_that_is_not_handed_on_is_reported(then_and_now, monkeypatch, broken):
    gru = then_and_now.gru
    monkeypatch.setattr(then_and_now, "gru", lambda *given, reverse, **options: gru(*given, **options))
    assert broken(run(then_and_now)) == ["the suite finds nothing wrong with tf_gru"]


def test_mistakes_that_words_of_one_sound_do_not_show_are_reported(then_and_now, monkeypatch, broken):
    words = then_and_now.dictionary(12)
    short = words._replace(sounds=words.sounds[:, :1], lengths=words.lengths.clip(max=1))
    monkeypatch.setattr(then_and_now, "dictionary", lambda count: short)
    assert broken(run(then_and_now)) == ["the suite finds each mistake"]
