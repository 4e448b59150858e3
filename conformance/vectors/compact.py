"""Arrays of vectors in few words: the numbers of a question by a recipe of integers, a few of an answer's numbers.

The recipe needs no more than integers below 2^53, so a language that has only floating-point numbers computes it too.
An answer is stored at evenly spaced places, each number by itself: so each is held against a bound of its own.

Source: Press et al. 1992, "Numerical Recipes in C", section 7.1, for the multiplier and the increment.
Left out: NaN and infinities, which a recipe cannot give.
"""

from collections.abc import Iterable, Iterator
from math import ceil, prod
from typing import Any

import numpy as np

from conformance.interface.numbers import to_hex
from conformance.interface.type_guards import is_list, is_object

MULTIPLIER, INCREMENT, MODULUS = 1664525, 1013904223, 2**32
STORED = 64
"""At most so many numbers of a longer array are stored."""

Run = tuple[int, int, int, int]
"""count, bits, exponent, offset: so many numbers, each (2 floor(s / 2^(32 - bits)) + 1 - 2^bits + offset) 2^exponent.

s is the generator's next state. With bits = 0 each is offset 2^exponent.
"""


def recipe(shape: tuple[int, ...], seed: int, *runs: Run) -> dict[str, Any]:
    """Write an array of a question as JSON values.

    Args:
        shape: the array's.
        seed: the generator's state before the first number, from 0 to 2^32 - 1.
        *runs: of the numbers in row-major order; their counts fill the shape.

    Returns:
        The shape and the recipe, as a vector's file has them.
    """
    return {"shape": list(shape), "recipe": {"seed": seed, "runs": [list(run) for run in runs]}}


def numbers(seed: int, runs: Iterable[Run]) -> Iterator[float]:
    """Compute the numbers of a recipe; the generator takes one step for each, s = (1664525 s + 1013904223) mod 2^32.

    Args:
        seed: the generator's state before the first number.
        runs: one after the other.

    Yields:
        Each number, exactly.
    """
    state = seed
    for count, bits, exponent, offset in runs:
        for _ in range(count):
            state = (MULTIPLIER * state + INCREMENT) % MODULUS
            yield (2 * (state >> (32 - bits)) + 1 - 2**bits + offset) * 2.0**exponent


def sample(array: np.ndarray) -> dict[str, Any]:
    """Write an array of an answer as JSON values: all of a short one, of a longer one evenly spaced numbers.

    The distance is a prime that divides no axis, so that the places move through the indices of each.

    Args:
        array: of any shape, float64.

    Returns:
        The shape, the numbers, and for a longer array their distance in row-major order.
    """
    if array.size <= STORED:
        return to_hex(array)
    every = next(k for k in range(ceil(array.size / STORED), array.size) if _prime(k) and array.size % k)
    return {"shape": list(array.shape), "every": every, "values": to_hex(array.ravel()[::every])["values"]}


def _prime(number: int) -> bool:
    return number > 1 and all(number % k for k in range(2, int(number**0.5) + 1))


def expand(data: Any) -> Any:
    """Give every array all its values: recipes are computed, and nan stands for numbers that are not stored.

    Args:
        data: JSON values of a vector, held against its schema.

    Returns:
        The same JSON values, with each array by shape and values.
    """
    if is_object(data):
        if "recipe" in data:
            return {"shape": data["shape"], "values": list(numbers(data["recipe"]["seed"], data["recipe"]["runs"]))}
        if "every" in data:
            values: list[Any] = ["nan"] * prod(data["shape"])
            values[:: data["every"]] = data["values"]
            return {"shape": data["shape"], "values": values}
        return {name: expand(part) for name, part in data.items()}
    if is_list(data) and any(isinstance(part, dict | list) for part in data):
        return [expand(part) for part in data]
    return data
