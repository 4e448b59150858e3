"""Statistics of invented times, so that every number is known."""

import pytest

from benchmarks.schedule import Effort, interleaved, turns
from benchmarks.statistics import Spread, ratio, spread, summary


def test_the_spread_is_the_median_between_the_quartiles():
    assert spread([5, 1, 2, 3, 4]) == Spread(3, 2, 4)
    assert spread([7]) == Spread(7, 7, 7)


def test_no_times_have_no_spread():
    with pytest.raises(ValueError, match="there are no times"):
        spread([])


def test_a_ratio_is_taken_within_a_round_so_that_a_slow_round_changes_nothing():
    ours = [1.0, 2.0, 16.0, 4.0]

    assert ratio([2 * time for time in ours], ours) == Spread(2, 2, 2)


def test_a_ratio_is_the_median_of_ratios_not_the_ratio_of_medians():
    assert ratio([4, 1, 9], [1, 1, 3]).median == 3


def test_rounds_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="2 rounds beside 1"):
        ratio([1, 2], [1])


def test_a_summary_is_the_geometric_mean_with_and_without_batch_1_and_the_worst():
    found = summary([(1, 1.0), (1, 1.0), (16, 1.0), (64, 16.0)])

    assert found is not None
    assert (found.mean, found.several, found.worst) == (2.0, 4.0, 1.0)  # 16^(1/4), 16^(1/2)


def test_a_summary_of_batch_1_alone_says_nothing_of_others_and_one_of_nothing_is_none():
    alone = summary([(1, 8.0)])

    assert alone is not None
    assert alone.several is None
    assert summary([]) is None


def test_every_subject_has_one_turn_in_every_round():
    found = list(turns(["a", "b", "c"], 6))

    assert [count for count, _ in found] == sorted([0, 1, 2, 3, 4, 5] * 3)
    for count in range(6):
        assert sorted(subject for at, subject in found if at == count) == ["a", "b", "c"]


def test_no_subject_always_leads_and_each_stands_before_each_other_as_often_as_after():
    orders = [[subject for at, subject in turns(["a", "b", "c"], 6) if at == count] for count in range(6)]

    assert {order[0] for order in orders} == {"a", "b", "c"}
    for one, other in ("ab", "bc", "ac"):
        assert sum(order.index(one) < order.index(other) for order in orders) == 3


def test_a_turn_lasts_as_long_as_requested_and_counts_as_its_median():
    asked = []

    def timed(subject: str, count: int) -> list[float]:
        asked.append((subject, count))
        return [0.5] * (count - 1) + [90.0] if count > 2 else [0.5] * count

    found = interleaved(["a", "b"], Effort(rounds=2, turn=1.6), timed)

    assert found == {"a": [0.5, 0.5], "b": [0.5, 0.5]}
    assert asked[4:] == [("a", 4), ("b", 4), ("b", 4), ("a", 4)]
