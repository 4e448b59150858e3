"""The layouts with fewer biases: conversion there and back keeps all bits, and a loss is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference import Invalid, Parameters, Unrepresentable, gru, layouts
from reference.layouts import (
    from_equinox,
    from_haiku,
    from_linen,
    from_nnx,
    from_openvino,
    from_rnn_cell,
    merge_gate_biases,
    to_equinox,
    to_haiku,
    to_linen,
    to_nnx,
    to_openvino,
    to_rnn_cell,
)
from tests.reference.test_layouts import DTYPES, INPUT_DIM, UNITS, assert_own, assert_same, parameters

PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any], str, str]] = {
    "linen": (to_linen, from_linen, "after", "n"),
    "nnx": (to_nnx, from_nnx, "after", ""),
    "equinox": (to_equinox, from_equinox, "after", "n"),
    "haiku": (to_haiku, from_haiku, "before", ""),
    "rnn_cell": (to_rnn_cell, from_rnn_cell, "before", ""),
    "openvino after": (to_openvino, lambda made: from_openvino(**made)[0], "after", "n"),
    "openvino before": (to_openvino, lambda made: from_openvino(**made)[0], "before", ""),
}
"""Conversion to and from, the reset of the format, and the gates whose recurrent bias it holds."""


def held(name: str, dtype: type = np.float64) -> Parameters:
    """Distinct numbers wherever the framework has a place for one, zeros elsewhere."""
    _, _, reset, kept = PAIRS[name]
    p = parameters(reset, dtype=dtype)
    bias = p.bias.copy()
    for gate, letter in enumerate("zrn"):
        bias[1, gate] *= letter in kept
    return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PAIRS)
def test_there_and_back_is_the_same(name: str, dtype: type) -> None:
    """This holds in every format; changed signs change back."""
    to, back, _, _ = PAIRS[name]
    p = held(name, dtype)

    assert_same(back(to(p)), p)


def arrays_of(made: Any) -> list[np.ndarray]:
    """All arrays in the result of a conversion, wherever they are."""
    if isinstance(made, dict):
        return [array for part in made.values() for array in arrays_of(part)]
    return [made] if isinstance(made, np.ndarray) else []


@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (2, 1)])
@pytest.mark.parametrize("name", PAIRS)
def test_conversions_copy(name: str, sizes: tuple[int, int]) -> None:
    """The results can be written to, at any size, and share no memory with the parameters."""
    to, _, reset, _ = PAIRS[name]
    input_dim, units = sizes
    p = Parameters(np.ones((3, input_dim, units)), np.ones((3, units, units)), np.zeros((2, 3, units)), reset)

    made = arrays_of(to(p))

    assert len(made) >= 3
    for array in made:
        assert_own(array, p)


@pytest.mark.parametrize("name", PAIRS)
def test_a_recurrent_bias_without_a_place_is_refused(name: str) -> None:
    """One number of one gate is enough, and the message tells what to do."""
    to, _, reset, kept = PAIRS[name]
    for gate, letter in enumerate("zrn"):
        if letter in kept:
            continue
        p = held(name)
        bias = p.bias.copy()
        bias[1, gate, 2] = 1
        todo = "call merge_biases first" if reset == "before" else "call merge_gate_biases first"
        if (reset, letter) == ("after", "n"):
            todo = "no conversion keeps the function"
        with pytest.raises(
            Unrepresentable, match=rf"the recurrent bias of {letter} is not zero, but .* has none; {todo}"
        ):
            to(Parameters(p.kernel, p.recurrent_kernel, bias, reset))


@pytest.mark.parametrize("reset", ["after", "before"])
def test_openvino_has_no_place_for_it_in_either_direction(reset: str) -> None:
    """The second direction is checked too."""
    good, bad = held(f"openvino {reset}"), parameters(reset)

    for directions in ((good, bad), (bad, good)):
        with pytest.raises(Unrepresentable, match=r"the recurrent bias of z is not zero, but OpenVINO's GRUSequence"):
            to_openvino(*directions)


@pytest.mark.parametrize("name", [name for name in PAIRS if "openvino" not in name])
def test_another_place_of_the_reset_gate_is_refused(name: str) -> None:
    """No conversion turns one position into another."""
    to, _, reset, _ = PAIRS[name]
    for other in {"after", "before", "none"} - {reset}:
        with pytest.raises(Unrepresentable, match=rf"reset is '{other}', but .* only has '{reset}'; no conversion"):
            to(parameters(other, "none"))


@pytest.mark.parametrize("name", PAIRS)
def test_a_format_that_frameworks_lack_is_refused(name: str) -> None:
    """Frameworks have float64 at most."""
    with pytest.raises(Unrepresentable, match=r"which .* does not have; make float64 Parameters first"):
        PAIRS[name][0](held(name, np.longdouble))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda: from_linen({}),
            r"params has nothing, but must have iz/kernel, .*, hn/bias, and no more$",
        ),
        (lambda: from_linen([]), r"params is a list, but must be a mapping .*; pass variables\['params'\]$"),
        (
            lambda: from_linen(to_linen(held("linen")) | {"hn": {"kernel": np.zeros((5, 5))}}),
            r"params has iz/kernel, .* and 1 more, but must have iz/kernel, .*, hn/bias, and no more$",
        ),
        (
            lambda: from_linen(to_linen(held("linen")) | {"hz": {"kernel": np.zeros((4, 5))}}),
            r"hz/kernel has shape \(4, 5\), but must be \(5, 5\)",
        ),
        (
            lambda: from_linen(to_linen(held("linen")) | {"iz": {"kernel": np.array(1.0), "bias": np.zeros(5)}}),
            r"iz/kernel has shape \(\), but must be \(input_dim, units\), input_dim and units 1 or more",
        ),
        (
            lambda: from_nnx(to_nnx(held("nnx")) | {"dense_i.kernel": np.zeros(15)}),
            r"dense_i.kernel has shape \(15,\), but must be \(input_dim, 3 units\)",
        ),
        (
            lambda: from_equinox(to_equinox(held("equinox")) | {"weight_ih": np.zeros((2, 4))}),
            r"weight_ih has shape \(2, 4\), but must be \(3 units, input_dim\)",
        ),
        (
            lambda: from_haiku(to_haiku(held("haiku")) | {"w_i": np.zeros((4, 2))}),
            r"w_i has shape \(4, 2\), but must be \(input_dim, 3 units\)",
        ),
        (
            lambda: from_rnn_cell(to_rnn_cell(held("rnn_cell")) | {"candidate/kernel": np.zeros(5)}),
            r"candidate/kernel has shape \(5,\), but must be \(input_dim \+ units, units\)",
        ),
        (
            lambda: from_rnn_cell(to_rnn_cell(held("rnn_cell")) | {"candidate/kernel": np.zeros((5, 5))}),
            r"candidate/kernel has shape \(5, 5\), but must be \(input_dim \+ units, units\), more rows than columns",
        ),
        (lambda: from_nnx(None), r"arrays is a NoneType, but must be a mapping from names to arrays; pass nnx.to_pure"),
        (
            lambda: from_nnx(to_nnx(held("nnx")) | {"dense_h.bias": np.zeros(15)}),
            r"arrays has dense_h.bias, .*, but must have dense_i.kernel, dense_i.bias, dense_h.kernel, and no more",
        ),
        (
            lambda: from_equinox(to_equinox(held("equinox")) | {"bias_n": np.zeros(15)}),
            r"bias_n has shape \(15,\), but must be \(5,\)",
        ),
        (lambda: from_haiku({"w_i": np.zeros(3)}), r"arrays has w_i, but must have w_i, w_h, b"),
        (
            lambda: from_haiku(to_haiku(held("haiku")) | {"w_h": np.zeros((4, 15))}),
            r"w_h has shape \(4, 15\), but must be \(5, 15\)",
        ),
        (
            lambda: from_rnn_cell(to_rnn_cell(held("rnn_cell")) | {"gates/bias": np.zeros(15)}),
            r"gates/bias has shape \(15,\), but must be \(10,\)",
        ),
        (
            lambda: from_openvino(**to_openvino(held("openvino after")) | {"linear_before_reset": False}),
            r"B has shape \(1, 20\), but must be \(1, 15\)",
        ),
        (
            lambda: from_openvino(**to_openvino(held("openvino after")) | {"linear_before_reset": 1}),
            r"linear_before_reset is 1, but must be True or False",
        ),
        (
            lambda: from_openvino(**to_openvino(held("openvino after")) | {"W": np.zeros((15, 4))}),
            r"W has shape \(15, 4\), but must be \(directions, 3 units, input_dim\)",
        ),
        (
            lambda: from_openvino(**to_openvino(held("openvino after")) | {"W": np.zeros((1, 2, 4))}),
            r"W has shape \(1, 2, 4\), but must be \(directions, 3 units, input_dim\) with 1 direction or 2",
        ),
    ],
)
def test_input_that_does_not_fit_is_refused(function: Any, message: str) -> None:
    """The message says what, got, expected, and what to do."""
    with pytest.raises(Invalid, match=message):
        function()


def test_merged_gate_biases_make_the_same_function() -> None:
    """The candidate keeps both biases, because r scales its recurrent bias."""
    p = parameters()
    bias = np.arange(6.0 * UNITS).reshape(2, 3, UNITS) / 8 - 1
    p = Parameters(p.kernel, p.recurrent_kernel, bias)
    x = np.zeros((2, 1, INPUT_DIM))
    merged = merge_gate_biases(p)

    assert (merged.bias[0, :2] == bias[0, :2] + bias[1, :2]).all()
    assert not merged.bias[1, :2].any()
    assert (merged.bias[:, 2] == bias[:, 2]).all()
    assert (gru(x, merged).outputs == gru(x, p).outputs).all()
    with pytest.raises(
        Unrepresentable, match=r"reset='before' has no gate with a separate recurrent bias; call merge_biases"
    ):
        merge_gate_biases(parameters("before"))
    with pytest.raises(Unrepresentable, match="is not exact in float64; use a wider dtype"):
        merge_gate_biases(Parameters(p.kernel, p.recurrent_kernel, np.broadcast_to([[[1]], [[2.0**-60]]], bias.shape)))


def test_every_layout_is_exported() -> None:
    """The exported names are complete and sorted."""
    assert layouts.__all__ == sorted(layouts.__all__)
    assert all(getattr(layouts, name).__doc__ for name in layouts.__all__)
