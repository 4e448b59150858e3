"""Every number in the vectors' files is correctly rounded: computed again in another precision, and by other means."""

import numpy as np
import pytest

from conformance.truth import balls
from conformance.truth.certified import Truth, truth
from conformance.vectors.compact import expand, sample
from conformance.vectors.vector import Vector
from tests.conformance.golden import STORED
from tests.conformance.tape import evaluated, numbers, same


def in_the_file(vector: Vector, found: Truth) -> Truth:
    """The numbers of a truth that the vector's file stores, NaN elsewhere."""
    return found if vector.compact is None else Truth.from_json(expand(found.to_json(sample)))


@pytest.mark.parametrize("name", STORED)
def test_an_independent_evaluation_rounds_to_every_number_of_the_file(name):
    vector, found = STORED[name]
    assert same(in_the_file(vector, evaluated(vector.case, vector.cotangents, 2 * found.bits)), found)


@pytest.mark.parametrize("name", list(STORED)[::8])
def test_another_precision_gives_the_same_numbers(name, monkeypatch):
    vector, found = STORED[name]
    monkeypatch.setattr(balls, "FIRST_BITS", 3 * found.bits)
    again = truth(vector.case, vector.cotangents)
    assert again.bits > found.bits
    assert same(in_the_file(vector, again), found)


def test_one_wrong_bit_would_be_seen():
    vector, found = STORED["gradients-after"]
    right = evaluated(vector.case, vector.cotangents, 2 * found.bits)
    for array in numbers(found):
        kept = array.flat[-1]
        array.flat[-1] = np.nextafter(kept, 2 * kept)
        assert not same(right, found)
        array.flat[-1] = kept
    assert same(right, found)
