"""The spread of errors through time contains every composition, in exact fractions, and is little wider than
necessary.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.bounds import spread
from conformance.bounds.elementwise import exactly
from conformance.bounds.spread import Spread, floats_above, near
from conformance.truth.balls import precision

# Numbers of every size, some with all their bits, some that cancel or underflow.
ENTRIES = st.one_of(
    st.floats(-2, 2),
    st.sampled_from((0.0, 1.0, -1.0, 1 + 2.0**-52, -1 + 2.0**-53, 1 / 3, 2.0**-40, 2.0**-600, 2.0**-1074, -(2.0**200))),
)
BOXES = st.one_of(st.floats(0, 2), st.sampled_from((0.0, 1 / 3, 1e-30, 2.0**-600, 2.0**-1074, 2.0**100)))


def of_size(size: int) -> st.SearchStrategy:
    """Up to four steps: a matrix and a box each."""
    row = st.lists(ENTRIES, min_size=size, max_size=size)
    matrix = st.lists(row, min_size=size, max_size=size)
    return st.lists(st.tuples(matrix, st.lists(BOXES, min_size=size, max_size=size)), min_size=1, max_size=4)


STEPS = st.integers(1, 3).flatmap(of_size)


def radius(steps: list) -> list[Fraction]:
    """The stored radius of each element in the second of two rows; the first gets nothing."""
    kept, rows = Spread(2, len(steps[0][1])), np.array([1])
    for matrix, box in steps:
        kept.push(rows, np.array([matrix]), np.array([box]))
    nothing, found = kept.radius()
    assert not nothing.any()
    return [Fraction(value) for value in found]


def applied(matrix: list, vector: list) -> list[Fraction]:
    return [sum(Fraction(a) * Fraction(b) for a, b in zip(row, vector, strict=True)) for row in matrix]


def worst(steps: list) -> list[Fraction]:
    """The exact largest error of each element: the sum of |J J J box| over all boxes."""
    columns: list[list[Fraction]] = []
    for matrix, box in steps:
        columns = [applied(matrix, column) for column in columns]
        columns += [[Fraction(value) * (i == j) for j in range(len(box))] for i, value in enumerate(box)]
    return [sum(abs(value) for value in element) for element in zip(*columns, strict=True)]


def holds(steps: list) -> bool:
    return all(found >= most for found, most in zip(radius(steps), worst(steps), strict=True))


@given(STEPS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_composition_of_errors_is_outside(steps):
    assert holds(steps)


@given(of_size(2).filter(lambda steps: len(steps) <= 2))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_worst_is_attained_at_a_corner_of_the_boxes(steps):
    """Therefore the value in the test above is neither too small nor too large."""
    ends = []
    for signs in product((-1, 1), repeat=2 * len(steps)):
        error = [Fraction(0)] * 2
        for i, (matrix, box) in enumerate(steps):
            own = [sign * Fraction(value) for sign, value in zip(signs[2 * i : 2 * i + 2], box, strict=True)]
            error = [a + b for a, b in zip(applied(matrix, error), own, strict=True)]
        ends.append(error)
    assert worst(steps) == [max(map(abs, element)) for element in zip(*ends, strict=True)]


NO, ZERO = [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]]
CANCELS = [
    (ZERO, [1.0, 0.0]),
    ([[1 + 2.0**-30, 0], [1 + 2.0**-29, 0]], NO),
    ([[1 + 2.0**-30, 0], [0, 1]], NO),
    ([[1, -1], [0, 0]], NO),
]
"""(1 + 2^-30)^2 - (1 + 2^-29), of which nothing is left after rounding."""
UNDERFLOWS = [([[0.0]], [2.0**-600]), ([[2.0**-600]], [0.0])]


@pytest.mark.parametrize(
    ("name", "wrong", "steps"),
    [
        ("_through", lambda matrix, columns: (matrix @ columns, np.zeros(columns.shape[:2])), CANCELS),
        ("LOST", 0.0, UNDERFLOWS),
    ],
)
def test_the_rounding_error_of_a_product_must_be_given_back(monkeypatch, name, wrong, steps):
    assert holds(steps)
    monkeypatch.setattr(spread, name, wrong)
    assert not holds(steps)


def test_the_rounding_error_of_a_sum_must_be_given_back(monkeypatch):
    kept = Spread(1, 1)
    for error in (1.0, 2.0**-53):
        kept.add(np.array([0]), np.array([[error]]))
    assert Fraction(float(kept.radius()[0, 0])) >= 1 + Fraction(1, 2**53)
    monkeypatch.setattr(spread, "_sum_up", lambda numbers: numbers.sum(axis=-1))
    assert kept.radius()[0, 0] == 1


def turned(time: int) -> list:
    """A rotation by an eighth of a turn that shrinks everything by a tenth, repeatedly."""
    half = 0.9 * np.sqrt(0.5)
    return [([[half, -half], [half, half]], [1.0, 1.0])] * time


def test_a_gru_that_forgets_while_it_turns_stays_small():
    """Products of absolute values would double every third step."""
    found = max(radius(turned(60)))
    growing = np.zeros(2)
    for matrix, box in turned(60):
        growing = np.abs(matrix) @ growing + box
    assert found < 20
    assert growing.max() > 10**6


def test_little_is_given_back():
    """The difference is tiny compared with errors that are themselves bounds."""
    for found, most in zip(radius(turned(60)), worst(turned(60)), strict=True):
        assert most <= found < most * (1 + Fraction(1, 2**40))


def test_a_matrix_that_is_not_square_sees_the_errors_of_its_own_rows():
    kept = Spread(2, 2)
    kept.add(np.arange(2), np.array([[1.0, 2.0], [3.0, 4.0]]))
    seen = kept.through(np.array([1]), np.array([[[1.0, -1.0], [0.5, 0.0], [0.0, 0.0]]]))
    assert seen.shape == (1, 3)
    assert np.all(seen[0] >= (7, 1.5, 0))
    assert np.all(np.floor(seen[0] * 2) == (14, 3, 0))


def test_errors_of_a_row_are_added_to_that_row():
    kept = Spread(3, 1)
    kept.add(np.array([2]), np.array([[1.0]]))
    kept.add(np.array([0, 2]), np.array([[2.0], [3.0]]))
    assert [value >= most for value, most in zip(kept.radius().ravel(), (2, 0, 4), strict=True)] == [True] * 3
    assert not kept.radius()[1].any()


def test_without_rows_or_errors_there_is_nothing():
    assert Spread(0, 3).radius().shape == (0, 3)
    assert not Spread(2, 3).radius().any()


BALLS = [arb(0), arb(1) / 3, arb(2, 1), arb(2) ** -1080, arb(2) ** 1080, arb(1) + arb(2) ** -70, arb(5)]


@pytest.mark.parametrize("ball", BALLS)
def test_a_float64_above_a_ball_is_above_all_of_it(ball):
    with precision(200):
        (above,) = floats_above(np.array([ball], object))
        assert arb(above) >= ball


@pytest.mark.parametrize("ball", BALLS)
def test_a_float64_near_a_ball_and_its_offset_are_the_ball(ball):
    with precision(200):
        (number,), (offset,) = near(np.array([ball], object))
        assert (exactly(np.array([number]))[0] + offset).contains(ball)
