"""Arrays of a whole model: chosen by a prefix, and none left unread."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference import Invalid, Parameters, layouts
from reference.layouts import (
    from_haiku,
    from_keras,
    from_linen,
    from_nnx,
    from_onnx,
    from_openvino,
    from_torch,
    to_keras,
    to_onnx,
    to_openvino,
    to_torch,
)
from tests.reference.test_layouts import assert_same, parameters
from tests.reference.test_layouts_of_cells import PAIRS, held

P = parameters()


def _keras(p: Parameters) -> dict[str, np.ndarray]:
    return dict(zip(("kernel", "recurrent_kernel", "bias"), to_keras(p), strict=True))


def _onnx(p: Parameters) -> dict[str, np.ndarray]:
    return {name: to_onnx(p)[name] for name in "WRB"}


def _openvino(p: Parameters) -> dict[str, np.ndarray]:
    return {name: to_openvino(p)[name] for name in "WRB"}


NAMED: dict[str, tuple[Callable[..., Any], Callable[..., Parameters], Parameters, str]] = {
    "torch": (to_torch, from_torch, P, "."),
    "keras": (_keras, from_keras, P, "/"),
    "onnx": (_onnx, lambda a, prefix="": from_onnx(a, linear_before_reset=1, prefix=prefix)[0], P, "/"),
    "openvino": (
        _openvino,
        lambda a, prefix="": from_openvino(a, linear_before_reset=True, prefix=prefix)[0],
        held("openvino after"),
        "/",
    ),
    "linen": (*PAIRS["linen"][:2], held("linen"), "/"),
    "nnx": (*PAIRS["nnx"][:2], held("nnx"), "."),
    "equinox": (*PAIRS["equinox"][:2], held("equinox"), "."),
    "haiku": (*PAIRS["haiku"][:2], held("haiku"), "/"),
    "rnn_cell": (*PAIRS["rnn_cell"][:2], held("rnn_cell"), "/"),
}
"""To arrays by name, from them, a GRU that they can hold, and the separator between names."""


def _flat(arrays: dict[str, Any], separator: str) -> dict[str, np.ndarray]:
    """Nested mappings as one mapping with long names."""
    found = {}
    for name, value in arrays.items():
        inner = _flat(value, separator) if isinstance(value, dict) else {"": value}
        found |= {f"{name}{separator}{key}" if key else name: array for key, array in inner.items()}
    return found


def test_every_converter_is_here() -> None:
    """A new converter must pass the following tests."""
    assert {f"from_{name}" for name in NAMED} == {name for name in layouts.__all__ if name.startswith("from_")}


@pytest.mark.parametrize("name", NAMED)
def test_an_array_that_would_be_unread_is_refused(name: str) -> None:
    """An additional array is refused: one with an unknown name, and one that belongs to the next layer."""
    to, back, p, separator = NAMED[name]
    arrays = to(p)
    assert_same(back(arrays), p)
    for extra in ("stray", f"stray{separator}{next(iter(_flat(arrays, separator)))}"):
        with pytest.raises(Invalid, match=r"has .*stray.*, but must have .*, and n"):
            back(arrays | {extra: np.zeros((2, 2))})


@pytest.mark.parametrize("name", NAMED)
def test_a_missing_array_is_refused(name: str) -> None:
    """Each missing array is refused, except biases that a format may leave out together."""
    to, back, p, separator = NAMED[name]
    arrays = _flat(to(p), separator)
    for missing in arrays:
        if (name, missing) not in (("keras", "bias"), ("onnx", "B")):
            with pytest.raises(Invalid, match=r"has .*, but must have "):
                back({key: array for key, array in arrays.items() if key != missing})


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", NAMED)
def test_a_prefix_chooses_one_gru_of_a_model(name: str, nested: bool) -> None:
    """The names have one level or many, with or without the separator at the end. Other modules are ignored."""
    to, back, p, separator = NAMED[name]
    q = Parameters(p.kernel * 2, p.recurrent_kernel * 2, p.bias * 2, p.reset)
    if nested:
        arrays: dict[Any, Any] = {"top": {"gru": to(p), "gru2": to(q)}, "head": {"kernel": np.zeros((2, 2))}}
    else:
        arrays = {f"top{separator}gru{separator}{key}": value for key, value in _flat(to(p), separator).items()}
        arrays |= {f"top{separator}gru2{separator}{key}": value for key, value in _flat(to(q), separator).items()}
        arrays[f"head{separator}kernel"] = np.zeros((2, 2))
    for end in ("", separator):
        assert_same(back(arrays, prefix=f"top{separator}gru{end}"), p)
        assert_same(back(arrays, prefix=f"top{separator}gru2{end}"), q)
    prefixes = f"'top{separator}gru{separator}', 'top{separator}gru2{separator}'"
    with pytest.raises(Invalid, match=rf"; choose a GRU by its prefix: {prefixes}$"):
        back(arrays)
    with pytest.raises(Invalid, match=rf"has nothing under the prefix 'toe', .* by its prefix: {prefixes}$"):
        back(arrays, prefix="toe")
    with pytest.raises(Invalid, match=r"prefix is None, but must be a string"):
        back(arrays, prefix=None)


@pytest.mark.parametrize("name", NAMED)
def test_a_name_that_stands_there_twice_is_refused(name: str) -> None:
    """A flat name and a nested one can mean the same array."""
    to, back, p, separator = NAMED[name]
    flat = {f"gru{separator}{key}": array for key, array in _flat(to(p), separator).items()}

    with pytest.raises(Invalid, match=r"has two arrays named gru.*, of which one would be left unread; take one away"):
        back(flat | {"gru": to(p)}, prefix="gru")


STACK = {
    name: array
    for seed, suffix in enumerate(("_l0", "_l0_reverse", "_l1", "_l1_reverse"))
    for name, array in to_torch(parameters(seed=10 * seed), suffix).items()
}


@pytest.mark.parametrize("prefix", ["", "encoder.gru."])
def test_a_stack_of_torch_is_refused_unless_a_layer_is_chosen(prefix: str) -> None:
    """Two layers of two directions are 16 arrays, but Parameters hold 4."""
    state_dict = {f"{prefix}{name}": array for name, array in STACK.items()}

    with pytest.raises(
        Invalid, match=r"has the layers and directions '_l0', '_l0_reverse', '_l1', '_l1_reverse', .* choose it by suff"
    ):
        from_torch(state_dict, prefix=prefix)
    for seed, suffix in enumerate(("_l0", "_l0_reverse", "_l1", "_l1_reverse")):
        assert_same(from_torch(state_dict, suffix, prefix), parameters(seed=10 * seed))


def test_the_only_layer_of_torch_needs_no_suffix() -> None:
    """Any layer may be the only one; a cell has no suffix."""
    for suffix in ("_l0", "_l1_reverse", ""):
        assert_same(from_torch(to_torch(P, suffix)), P)


def test_a_node_that_is_no_gru_is_refused_beside_a_chosen_layer() -> None:
    """Other layers and directions belong to another choice; any other array would be unread."""
    for stray in ("weight_hr_l0", "fc.weight", "weight_ih_l0_backward", "weight_ih_lx"):
        with pytest.raises(Invalid, match=rf"state_dict has {stray}, but must have .* nothing else but other layers"):
            from_torch(STACK | {stray: np.zeros((2, 2))}, "_l0")
    with pytest.raises(Invalid, match=r"has weight_ih_l0, .* and 8 more, but must have weight_ih_l2"):
        from_torch(STACK, "_l2")


def test_the_cells_prefix_is_named() -> None:
    """The message names the prefix of a GRUCell, whose arrays have no suffix."""
    with pytest.raises(Invalid, match=r"choose a GRU by its prefix: 'cell\.'$"):
        from_torch({f"cell.{name}": array for name, array in to_torch(P, "").items()})


def test_keys_that_are_paths_are_names() -> None:
    """nnx and flax.traverse_util return tuples."""
    p = held("nnx")
    flat = {("gru", *name.split(".")): array for name, array in PAIRS["nnx"][0](p).items()}
    assert_same(from_nnx(flat, "gru"), p)
    p = held("linen")
    flat = {("gru", *name.split("/")): array for name, array in _flat(PAIRS["linen"][0](p), "/").items()}
    assert_same(from_linen(flat, "gru"), p)


def test_a_module_of_haiku_has_its_name_in_front() -> None:
    """init returns a mapping of modules."""
    p = held("haiku")

    assert_same(from_haiku({"encoder/gru": PAIRS["haiku"][0](p)}, "encoder/gru"), p)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda: from_keras(to_keras(P), prefix="gru"),
            r"prefix is 'gru', but weights is not a mapping.* leave the pre",
        ),
        (
            lambda: from_onnx(*_onnx(P).values(), 1, "gru"),
            r"prefix is 'gru', but W is not a mapping.* leave the prefix",
        ),
        (
            lambda: from_onnx(_onnx(P), _onnx(P)["R"]),
            r"W is a mapping, which has R and B too, but R or B is also given",
        ),
        (lambda: from_onnx(_onnx(P)["W"]), r"R is a NoneType, but must be a NumPy array"),
        (lambda: from_openvino(_openvino(held("openvino after"))), r"linear_before_reset is None, but must be True or"),
        (lambda: from_keras({"a": P}), r"weights has a, but must have kernel, recurrent_kernel, bias or kernel, rec"),
    ],
)
def test_options_that_do_not_go_together_are_refused(function: Any, message: str) -> None:
    """A prefix without names, an array given twice, and a missing array are refused."""
    with pytest.raises(Invalid, match=message):
        function()


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_mapping_without_bias_is_a_layer_without_bias(use_bias: bool) -> None:
    """A list of two arrays means the same."""
    p = parameters(bias="both" if use_bias else "none")
    arrays = {name: array for name, array in _keras(p).items() if use_bias or name != "bias"}

    assert_same(from_keras(arrays), p)
