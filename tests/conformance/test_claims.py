"""An adapter may declare the values of a closed list. All others are refused, with a message that tells what to do."""

import sys

import numpy as np
import pytest

from conformance.interface.adapter import Capabilities, SubjectError, UsageError, ask, resolve
from conformance.interface.arithmetic import Arithmetic, InvalidClaim
from conformance.mutants.emulated import Emulated
from tests.conformance.drawn import drawn

CLAIM = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")


@pytest.mark.parametrize(
    "claim",
    [
        {"activation": "200000 ULP"},
        {"activation": 8},
        {"activation": None},
        {"compute": "tf32"},
        {"products": "float8"},
        {"accumulator": "tf32"},
        {"output": "double"},
        {"rounding": "up"},
        {"summation": "some order"},
        {"flush": 1},
        {"dtype": "tf32"},
    ],
)
def test_a_claim_outside_the_closed_list_is_refused(claim):
    with pytest.raises(InvalidClaim, match="but must be one of"):
        Arithmetic(**{"dtype": "float32", "activation": "8 ULP", "source": "", **claim})


def test_outputs_wider_than_the_interface_are_refused():
    with pytest.raises(
        InvalidClaim, match="output is 'float32', but float16 cannot hold its numbers; choose a narrower"
    ):
        Arithmetic(dtype="float16", output="float32", activation="8 ULP", source="")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"resets": ()}, "resets is empty"),
        ({"resets": ("during",)}, "allowed are after, before, none"),
        ({"resets": "after"}, "resets is 'after', but must be a tuple of names"),
        ({"resets": ("after", "after")}, "name each value once"),
        ({"resets": {"after"}}, "resets is {'after'}, but must be a tuple of names"),
        ({"merges": iter(("sum",))}, "but must be a tuple of names"),
        ({"lengths": "no"}, "lengths is 'no', but must be True or False"),
        ({"because": ["x"]}, "must be a mapping"),
        ({"masked_outputs": ()}, "masked_outputs is empty"),
        ({"merges": ("max",)}, "allowed are concat"),
        ({"arithmetic": {"float64": CLAIM}}, "not an Arithmetic of float64"),
        ({"arithmetic": {"float32": "exact"}}, "not an Arithmetic of float32"),
    ],
)
def test_capabilities_outside_the_closed_lists_are_refused(declared, message):
    with pytest.raises(UsageError, match=message):
        Capabilities(**{"arithmetic": {"float32": CLAIM}, **declared})


def test_a_subclass_of_an_array_is_no_answer():
    class Masked(Emulated):
        def run(self, case):
            outputs, final = super().run(case)
            return np.ma.MaskedArray(outputs), final

    with pytest.raises(SubjectError, match="must be a NumPy array"):
        ask(Masked(), drawn())


@pytest.mark.parametrize("name", [":", "module:", ":attribute", ""])
def test_half_a_name_is_refused(name):
    with pytest.raises(UsageError, match="neither a registered name nor module:attribute"):
        resolve(name)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("int('x')", "importing 'broken' raised ValueError"),
        ("import numpy; numpy.nonsuch", "importing 'broken' raised AttributeError"),
        ("raise SystemExit(3)", "importing 'broken' raised SystemExit: 3"),
        ("def __getattr__(name): raise OSError('no driver')", "its attribute 'gru' raised OSError: no driver"),
        ("def gru(): raise SystemExit(3)", "calling it to get an adapter raised SystemExit: 3"),
        ("gru = None", "is a NoneType without a method run"),
    ],
)
def test_a_module_that_is_broken_is_to_blame_and_not_its_name(code, message, tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    with pytest.raises(UsageError) as caught:
        resolve("broken:gru")
    assert message in str(caught.value)


def test_an_attribute_of_an_attribute_can_be_named():
    assert resolve("conformance:adapters.reference.gru") is resolve("conformance.adapters.reference:gru")
    with pytest.raises(UsageError, match=r"the module 'conformance' has no attribute 'adapters\.nothing\.gru'"):
        resolve("conformance:adapters.nothing.gru")
