"""Compact forms of arrays in vectors: a recipe of integers for a question, and some numbers of an answer.

The recipe uses only integers below 2^53, so a language that has only floating-point numbers can compute it too. An
answer is stored at evenly spaced places. Each stored number has a bound of its own.

Source: Press et al. 1992, "Numerical Recipes in C", section 7.1, for the multiplier and the increment.
Left out: NaN and infinities, which a recipe cannot produce.
"""

from collections.abc import Iterable, Iterator
from math import ceil, prod
from typing import Any

import numpy as np

from conformance.interface.numbers import to_hex
from conformance.interface.type_guards import is_list, is_object

MULTIPLIER, INCREMENT, MODULUS = 1664525, 1013904223, 2**32
STORED = 64
"""The largest number of stored numbers of a longer array."""

Run = tuple[int, int, int, int]
"""(count, bits, exponent, offset): count numbers, each (2 floor(s / 2^(32 - bits)) + 1 - 2^bits + offset) 2^exponent.

s is the generator's next state. With bits = 0 each number is offset 2^exponent.
"""


def recipe(shape: tuple[int, ...], seed: int, *runs: Run) -> dict[str, Any]:
    """Write an array of a question as JSON values.

    Args:
        shape: The shape of the array.
        seed: The generator's state before the first number, from 0 to 2^32 - 1.
        *runs: Runs of numbers in row-major order. The sum of their counts is the size of the array.

    Returns:
        The shape and the recipe, as in a vector's file.
    """
    return {"shape": list(shape), "recipe": {"seed": seed, "runs": [list(run) for run in runs]}}


def numbers(seed: int, runs: Iterable[Run]) -> Iterator[float]:
    """Compute the numbers of a recipe. Before each, the generator takes a step: s = (1664525 s + 1013904223) mod 2^32.

    Args:
        seed: The generator's state before the first number.
        runs: The runs of numbers, in order.

    Yields:
        Each number, exactly.
    """
    state = seed
    for count, bits, exponent, offset in runs:
        for _ in range(count):
            state = (MULTIPLIER * state + INCREMENT) % MODULUS
            yield (2 * (state >> (32 - bits)) + 1 - 2**bits + offset) * 2.0**exponent


def sample(array: np.ndarray) -> dict[str, Any]:
    """Write an array of an answer as JSON values: all numbers of a short one, evenly spaced numbers of a longer one.

    The distance is a prime that divides no axis, so that the places vary in every index.

    Args:
        array: A float64 array of any shape.

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
    """Write out every array: compute recipes, and put nan in place of numbers that are not stored.

    Args:
        data: JSON values of a vector, already checked against its schema.

    Returns:
        The same JSON values, with each array as a shape and values.
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
