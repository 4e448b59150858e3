"""Messages to and from a program: every number is exact, and every message fits the schema."""

import json
import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conformance.adapters.process.messages import SCHEMA, Foreign, capabilities_of, line, outputs_of, read, violation
from conformance.interface.adapter import RESETS, Capabilities, Malformed
from conformance.interface.arithmetic import ACTIVATIONS, FORMATS, ROUNDINGS, SUMMATIONS, Arithmetic
from conformance.interface.case import DTYPES, MERGES, POLICIES
from conformance.interface.numbers import DIGITS, to_decimals
from conformance.vectors.files import stored

DEFINED = json.loads(SCHEMA.read_text())["$defs"]


def received(array: dict, dtype: str) -> np.ndarray:
    """An array from a program's answer, in the suite's form."""
    return outputs_of({"outputs": None, "final_state": array}, dtype).final_state


def bits(array: np.ndarray) -> list[str]:
    """Each number with its sign, also for zeros; all NaN are equal."""
    return ["nan" if math.isnan(value) else float(value).hex() for value in array.ravel()]


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_every_number_travels_exactly(dtype, data):
    there = data.draw(arrays("float32" if dtype == "bfloat16" else dtype, st.integers(0, 6))).astype(dtype)
    back = received(json.loads(json.dumps(to_decimals(there), allow_nan=False)), dtype)
    assert (bits(back), back.dtype) == (bits(there), there.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_the_shortest_decimal_of_the_format_itself_is_that_number(dtype, data):
    """The notation of typed languages' printers, and one with as many digits as distinguish all numbers."""
    number = data.draw(st.floats(width=np.dtype(dtype).itemsize * 8, allow_nan=False, allow_infinity=False))
    there = np.array([number], dtype)
    number = float(there[0])
    shortest = np.format_float_scientific(np.float32(number) if dtype == "bfloat16" else there[0], unique=True)
    for text in (shortest, f"{number:.{DIGITS[dtype] - 1}e}"):
        back = received({"shape": [1], "values": [float(text)]}, dtype)
        assert bits(back) == bits(there)


def test_the_words_are_read_and_a_number_with_no_point_too():
    values = ["NaN", "Infinity", "-Infinity", "-0", -0.0, 3, 123456789012345680000, "nan", "inf", "-inf", "0x1.8p-1"]
    array = {"shape": [len(values)], "values": values}
    wanted = [
        math.nan,
        math.inf,
        -math.inf,
        -0.0,
        -0.0,
        3.0,
        123456789012345680000.0,
        math.nan,
        math.inf,
        -math.inf,
        0.75,
    ]
    assert bits(received(array, "float64")) == bits(np.array(wanted))
    assert violation({"kind": "result", "id": 1, "outputs": None, "final_state": array}, "result") is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_digits_are_as_many_as_tell_all_numbers_apart(dtype):
    precision = FORMATS[dtype].precision
    assert DIGITS[dtype] == math.ceil(1 + precision * math.log10(2))
    assert DIGITS["float64"] == 17


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (0.1 + 0.2, "float32", "which is not a float32 number; round it to float32"),
        (1e39, "float32", "which is not a float32 number"),
        (1.00048828125, "float16", "which is not a float16 number"),
        (2049, "float16", "halfway between two float16 numbers; write more digits"),
        (10**400, "float64", "above the largest float64 number"),
        (math.inf, "float64", "above the largest float64 number"),
    ],
)
def test_a_number_of_another_format_is_refused(value, dtype, message):
    with pytest.raises(Malformed, match=message):
        received({"shape": [], "values": [value]}, dtype)


@pytest.mark.parametrize(
    ("value", "dtype", "number"),
    [(1.0009, "float16", 1 + 2.0**-10), (5190, "float16", 5192), (33554450, "float32", 2**25 + 16)],
)
def test_the_digits_that_a_printer_of_the_format_writes_are_that_number(value, dtype, number):
    """5190 and 33554450 are halfway between two numbers, and are the shortest decimals that read as the even one."""
    assert received({"shape": [], "values": [value]}, dtype) == number


def test_every_question_is_as_the_schema_has_it():
    """Cases of golden vectors cover all options and words."""
    for number, (vector, _) in enumerate(list(stored().values())[::4], 1):
        question = json.loads(line({"kind": "case", "id": number, "case": vector.case.to_json(to_decimals)}))
        assert violation(question, "case") is None, vector.name
    assert violation({"kind": "start", "protocol": 1}, "start") is None
    assert violation({"kind": "stop"}, "stop") is None


def test_the_schema_and_the_suite_accept_the_same():
    told = DEFINED["capabilities"]["properties"]
    assert set(told) == {field.name for field in fields(Capabilities)} - {"threads"}  # a line is read after another
    assert set(told["arithmetic"]["properties"]) == set(DTYPES)
    claim = DEFINED["claim"]["properties"]
    assert set(claim) == {field.name for field in fields(Arithmetic)} - {"dtype"}
    lists = {
        "resets": RESETS,
        "masked_outputs": tuple(POLICIES),
        "merges": MERGES,
        "bidirectional_masked_outputs": tuple(POLICIES),
    }
    assert {name: tuple(told[name]["items"]["enum"]) for name in lists} == lists
    closed = {"activation": tuple(ACTIVATIONS), "rounding": ROUNDINGS, "summation": SUMMATIONS}
    assert {name: tuple(claim[name]["enum"]) for name in closed} == closed
    carried = tuple(name for name in FORMATS if name != "tf32")
    formats = {"compute": carried, "products": tuple(FORMATS), "accumulator": carried, "output": carried}
    assert {name: tuple(claim[name]["enum"]) for name in formats} == {k: (None, *v) for k, v in formats.items()}


def test_capabilities_are_the_declared_ones_and_the_defaults():
    said = {
        "arithmetic": {"float32": {"activation": "4 ULP", "compute": "bfloat16", "source": "here"}},
        "merges": ["sum"],
    }
    claim = Arithmetic(dtype="float32", activation="4 ULP", compute="bfloat16", source="here")
    assert capabilities_of({"capabilities": said}) == Capabilities(arithmetic={"float32": claim}, merges=("sum",))


EMPTY = {"shape": [0, 1, 1], "values": []}
RESULT = {"kind": "result", "id": 1, "outputs": EMPTY, "final_state": EMPTY}


def test_a_message_that_says_something_twice_is_refused():
    with pytest.raises(Foreign, match="the key 'id' occurs twice in one object"):
        read(b'{"id": 2, ' + line(RESULT)[1:], ("result",), 1)


def test_texts_can_be_shown_whatever_they_hold():
    said = {"kind": "error", "id": 1, "reason": "no \ud800 \x1b[2J"}
    assert read(line(said), ("error",), 1)["reason"] == r"no \ud800 \x1b[2J"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 2}, "answered question 2, but was asked question 1"),
        ({"id": "1"}, r"\$\.id"),
        ({"id": True}, r"\$\.id"),
        ({"kind": "started"}, "kind is one of result"),
        ({"kind": ["result"]}, "kind is one of result"),
        ({"outputs": []}, r"\$\.outputs"),
        ({"outputs": [EMPTY]}, r"\$\.outputs"),
        ({"final_state": None}, r"\$\.final_state"),
        ({"outputs": {"shape": [-1], "values": []}}, r"\$\.outputs"),
        ({"outputs": {"shape": [1], "values": [True]}}, r"\$\.outputs"),
        ({"outputs": {"shape": [1], "values": ["0x1"]}}, r"\$\.outputs"),
        ({"outputs": {"shape": [1], "values": [None]}}, r"\$\.outputs"),
    ],
)
def test_an_answer_that_is_not_as_the_schema_has_it_is_refused(change, message):
    assert read(line(RESULT), ("result",), 1) == RESULT
    with pytest.raises(Foreign, match=message):
        read(line(RESULT | change), ("result",), 1)
