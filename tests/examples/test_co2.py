"""The forecast is better than what needs no network, with the missing weeks missing, and the exit code says so."""

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

EXAMPLES = Path(__file__).parents[2] / "examples"
ROW = re.compile(r"^│ (\S.*?\S) +│ +(\S+) │$", re.MULTILINE)
MARGIN = re.compile(r"worst margin over (\d+) of those: (\S+)")


@pytest.fixture
def co2(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import co2

    monkeypatch.setattr(co2, "JUDGED", 10)
    return co2


def run(co2, *options):
    return CliRunner().invoke(co2.main, ["--epochs", "2", *options])


def test_the_forecast_is_better_than_two_that_need_no_network(co2, tmp_path):
    result = run(co2, "--plot", str(tmp_path / "co2.svg"))

    assert result.exit_code == 0, result.output
    errors = {name: float(error) for name, error in ROW.findall(result.stdout)}
    assert set(errors) == {"the growth stays", "the growth is average", "GRU"}
    assert errors["GRU"] < co2.GOAL * min(errors["the growth stays"], errors["the growth is average"])
    windows, margin = MARGIN.search(result.stdout).groups()
    assert int(windows) == co2.JUDGED and 0 < float(margin) <= 1
    assert "<svg" in (tmp_path / "co2.svg").read_text()


def test_missing_weeks_that_are_not_masked_end_it(co2, monkeypatch):
    cut = co2.cut
    monkeypatch.setattr(co2, "cut", lambda measured: cut(measured)._replace(there=np.ones_like(cut(measured).there)))
    assert run(co2).exit_code == 1


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
