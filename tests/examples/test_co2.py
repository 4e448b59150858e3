"""The forecast is better than simple ones, missing weeks stay missing, and the exit code agrees."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

ROW = re.compile(r"^│ (\S.*?\S) +│ +(\S+) │$", re.MULTILINE)
MARGIN = re.compile(r"worst margin over (\d+) of those: (\S+)")


@pytest.fixture(scope="module")
def networks():
    """The trained network, once for the tests of this file that train as usual."""
    return []


@pytest.fixture
def co2(monkeypatch):
    import co2

    monkeypatch.setattr(co2, "JUDGED", 10)
    return co2


@pytest.fixture
def trained(co2, monkeypatch, networks):
    """The example, with a network that is trained once."""
    train = co2.trained

    def once(*arguments):
        if not networks:
            networks.append(train(*arguments))
        return networks[0]

    monkeypatch.setattr(co2, "trained", once)
    return co2


def run(co2, *options):
    return CliRunner().invoke(co2.main, ["--epochs", "2", *options])


@pytest.mark.long
def test_the_forecast_is_better_than_two_that_need_no_network(trained, tmp_path, broken):
    co2 = trained
    result = run(co2, "--plot", str(tmp_path / "co2.svg"))

    assert broken(result) == []
    errors = {name: float(error) for name, error in ROW.findall(result.stdout)}
    assert set(errors) == {"the growth stays", "the growth is average", "GRU"}
    assert errors["GRU"] < co2.GOAL * min(errors["the growth stays"], errors["the growth is average"])
    windows, margin = MARGIN.search(result.stdout).groups()
    assert int(windows) == co2.JUDGED and 0 < float(margin) <= 1
    assert "<svg" in (tmp_path / "co2.svg").read_text()


@pytest.mark.long
def test_missing_weeks_that_are_not_masked_end_it(co2, monkeypatch, broken):
    cut = co2.cut
    monkeypatch.setattr(co2, "cut", lambda measured: cut(measured)._replace(there=np.ones_like(cut(measured).there)))
    told = broken(run(co2))
    assert told[0] == "all weights are finite" and len(told) == 3  # so the other promises do not hold either


@pytest.mark.long
def test_a_forecast_that_is_not_good_enough_ends_it(trained, monkeypatch, broken):
    monkeypatch.setattr(trained, "GOAL", 0.0)
    assert broken(run(trained)) == ["the GRU's error is below 0.0 of the better simple forecast's"]


@pytest.mark.long
@pytest.mark.parametrize("wrong", ["tf32_products", "final_state_before_the_last_step"])
def test_a_wrong_gru_ends_it(trained, monkeypatch, broken, wrong):
    """A wrong step, or a final state that is not the state after the last step, ends the example."""
    load = trained.load
    monkeypatch.setattr(trained, "load", lambda _: load(f"conformance.mutants:{wrong}"))
    assert broken(run(trained)) == ["the suite finds nothing wrong with the GRU"]


@pytest.mark.long
def test_every_window_that_is_judged_lacks_a_week(trained, monkeypatch):
    judged, judge = [], trained.judge
    monkeypatch.setattr(trained, "judge", lambda *given: (judged.append(given), judge(*given))[1])

    run(trained)

    ((_, windows, _),) = judged
    assert len(windows.wanted) == trained.JUDGED
    assert not windows.there.all(axis=1).any()


def test_windows_are_cut_where_something_is_there_and_the_wanted_week_is(co2):
    year, window, ahead = co2.YEAR, co2.WINDOW, co2.AHEAD
    measured = np.arange(3 * year, dtype=np.float32) ** 2
    missing = year + 5
    measured[missing] = np.nan

    windows = co2.cut(measured)

    weeks = range(year + window - 1 + ahead, len(measured))
    assert windows.week.tolist() == [week for week in weeks if week not in (missing, missing + year)]
    np.testing.assert_array_equal(windows.wanted, [measured[week] - measured[week - year] for week in windows.week])
    for growth, there, week in zip(windows.growth[..., 0], windows.there, windows.week, strict=True):
        last = week - ahead
        for seen, known, one in zip(growth, there, range(last + 1 - window, last + 1), strict=True):
            assert known == (one not in (missing, missing + year))
            assert np.isnan(seen) if not known else seen == measured[one] - measured[one - year]
