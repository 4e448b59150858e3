"""A case keeps its numbers bit for bit, and refuses everything else."""

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.interface.case import DTYPES, Case, InvalidCase
from conformance.interface.reading import read_case
from conformance.interface.strategies import DISTINCT, Numbers, cases, lengths, masks

ANY = st.sampled_from(DTYPES).flatmap(
    lambda dtype: cases(
        dtype,
        resets=("after", "before", "none"),
        padding=("none", "lengths with zero", "masks with zero", "one step"),
        runs=("forward", "reverse", "bidirectional"),
        merges=("concat", "apart"),
    )
)


@given(ANY)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_case_survives_json_and_text_bit_for_bit(case):
    for again in (Case.from_json(json.loads(json.dumps(case.to_json()))), Case.from_text(case.to_text())):
        assert again.to_json() == case.to_json()
        assert again.inputs.tobytes() == case.inputs.tobytes()
        assert [p.bias.tobytes() for p in again.parameters] == [p.bias.tobytes() for p in case.parameters]


def test_plain_numbers_and_every_word_are_read_wherever_a_case_is():
    written = {
        "dtype": "float16",
        "reset": "after",
        "inputs": [[[0.1], ["0x1.8p-1"], ["-0"], ["NaN"], ["inf"]]],
        "parameters": {"kernel": [[[1]]] * 3, "recurrent_kernel": [[[1]]] * 3, "bias": [[[1]] * 3] * 2},
        "mask": [[True, True, 1, False, 0]],
    }
    case = Case.from_json(written)
    assert case.to_json() == read_case(json.dumps(written))[0].to_json() == Case.from_text(case.to_text()).to_json()
    numbers = [float(value).hex() for value in case.inputs.ravel()]
    assert numbers == [float(np.float16(0.1)).hex(), "0x1.8000000000000p-1", "-0x0.0p+0", "nan", "inf"]


def test_nan_and_infinities_travel():
    case = plain()
    case.inputs[0, 0, 0], case.inputs[0, 1, 0] = np.nan, -np.inf
    assert np.array_equal(Case.from_text(case.to_text()).inputs, case.inputs, equal_nan=True)


@pytest.mark.parametrize("text", ["", "not base64 at all!", "eJyrBQAAewB6", "QUJD"])
def test_other_text_is_no_case(text):
    with pytest.raises(InvalidCase, match=r"not a case.*copy all of it"):
        Case.from_text(text)


@pytest.mark.parametrize("data", ["[]", "{}", '{"inputs": 0}'])
def test_other_json_is_no_case(data):
    text = base64.urlsafe_b64encode(zlib.compress(data.encode())).decode()
    with pytest.raises(InvalidCase, match=r"the case (is a list|lacks).* the keys"):
        Case.from_text(text)


def test_a_value_of_another_format_is_refused():
    data = plain().to_json()
    data["inputs"]["values"][0] = (0.1).hex()
    with pytest.raises(InvalidCase, match="not a float32 number"):
        Case.from_json(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lengths": [1.7, 2, 3]}, r"lengths\[0\] is 1\.7, expected an integer"),
        ({"lengths": [True, 2, 3]}, r"lengths\[0\] is true, expected an integer"),
        ({"lengths": [10**30, 2, 3]}, r"lengths\[0\] is 10*, expected an integer"),
        ({"reverse": "no"}, 'reverse is "no", expected true or false'),
        ({"mask": {"shape": [3, 5], "values": [2, "x", *[1] * 13]}}, r"mask\.values\[0\] is 2, expected true or false"),
        ({"mask": {"shape": [-1, 5], "values": [1] * 15}}, r"mask has 15 values, but its shape \[-1, 5\]"),
        ({"inputs": {"shape": [0, 5, 2], "values": [], "more": 0}}, 'inputs has the unknown key "more"'),
        ({"inputs": {"shape": 1, "values": []}}, "inputs has the shape 1 and values a list of 0, expected lists"),
        ({"inputs": {"shape": [1, 1, 1], "values": ["0x1p99999"]}}, "0x1p99999 is above the largest float64 number"),
        ({"parameters": [{"weights": 0}]}, r'parameters\[0\] has the unknown key "weights"; the keys are kernel'),
        ({"layout": 1}, 'the case has the unknown key "layout"; the keys are dtype, reset, inputs'),
    ],
)
def test_json_with_something_that_would_be_read_wrongly_or_not_at_all_is_refused(change, message):
    with pytest.raises(InvalidCase, match=message):
        Case.from_json({**plain().to_json(), **change})


def test_an_empty_batch_has_no_lengths_and_is_a_case():
    case = plain()
    empty = replace(case, inputs=case.inputs[:0], lengths=np.zeros(0, int))
    assert Case.from_text(empty.to_text()).to_json() == empty.to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lengths": np.array([1.5, 2.0, 3.0])}, "lengths: got dtype float64, expected integers"),
        ({"reverse": 1}, "reverse: got 1, expected True or False"),
        ({"lengths": np.array([9, 1, 1])}, r"lengths: got \[9, 1, 1\], expected integers from 0 to time, 5"),
        ({"lengths": np.array([1, 1])}, r"lengths: got shape \(2,\), expected \(3,\)"),
        ({"mask": np.ones((3, 4), bool)}, r"mask: got shape \(3, 4\), expected \(batch, time\) = \(3, 5\)"),
        ({"mask": np.ones((3, 5))}, "mask: got dtype float64, expected booleans"),
        ({"inputs": np.zeros((3, 5), np.float32)}, "inputs: got shape"),
        ({"inputs": np.zeros((3, 5, 2), np.int32)}, "inputs: got dtype int32"),
        ({"inputs": np.zeros((3, 5, 3), np.float32)}, "parameters: got input_dim 2, expected 3"),
        ({"initial_state": (np.zeros((3, 5), np.float32),)}, "initial_state: got shapes"),
        ({"merge": "sum"}, "merge: got sum with one direction, expected None"),
        ({"masked_outputs": "last"}, "masked_outputs: got last"),
    ],
)
def test_input_that_does_not_fit_is_refused(change, message):
    case = plain()
    with pytest.raises(InvalidCase, match=message):
        Case(**{"inputs": case.inputs, "parameters": case.parameters, **change})


def test_lengths_have_a_full_a_short_and_an_empty_row():
    drawn = lengths(np.random.default_rng(0), 4, 5, zero=True)
    assert {0, 2, 5} <= set(drawn.tolist())


def test_masks_have_a_leading_gap_and_a_hole_and_never_an_empty_row_unasked():
    drawn = masks(np.random.default_rng(0), 4, 5, "masks")
    assert drawn.any(1).all()
    first = drawn.argmax(1)
    last = 4 - drawn[:, ::-1].argmax(1)
    assert (first > 0).any()
    assert any(not drawn[row, first[row] : last[row]].all() for row in range(4))


@given(cases("float32", shapes=(DISTINCT,), resets=("after",), regimes=("plain",)))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_no_number_is_absent_and_no_two_gates_are_alike(case):
    p = case.single
    for array in (p.kernel, p.recurrent_kernel, p.bias, case.inputs):
        assert np.all(array != 0)
    assert not np.array_equal(p.kernel[0], p.kernel[1])
    assert not np.array_equal(p.recurrent_kernel[2], p.recurrent_kernel[2].T)
    assert np.all(p.bias[0] + p.bias[1] == p.bias.astype(np.longdouble).sum(0))


def plain() -> Case:
    """A small float32 case."""
    numbers = Numbers(np.random.default_rng(1), "float32", 24, "plain")
    return Case(inputs=numbers.inputs((3, 5, 2)), parameters=(numbers.parameters(2, 4, "after"),))
