"""Lower precision than claimed is distinguished from a wrong formula, alone and beside a mistake, in complete words."""

from itertools import product

import numpy as np
import pytest

from conformance import mutants
from conformance.checks.judgement import Judgement
from conformance.diagnosis import Diagnosis, diagnose
from conformance.diagnosis.known.running_error import Near
from conformance.diagnosis.precision import as_precise, strictest, weaker, weaker_parts
from conformance.diagnosis.questions import SHAPE
from conformance.diagnosis.search import answers_to
from conformance.interface.adapter import Adapter
from conformance.interface.arithmetic import FORMATS, Arithmetic, InvalidClaim
from conformance.interface.case import DTYPES, Outputs
from conformance.mutants.emulated import Emulated
from studies.long_runs.confusion import ARITHMETIC
from tests.conformance.studied import IN_ONE_WAY, study


@pytest.mark.parametrize(
    "mutant", [mutants.gates_swapped, mutants.recurrent_kernel_transposed, mutants.lengths_ignored]
)
@pytest.mark.parametrize("precision", [mutants.bfloat16_products, mutants.tf32_products])
def test_a_convention_is_named_beside_less_precision(mutant, precision):
    row = study(dtype="float32").row(mutant, precision)
    assert row.explained == [{mutant.__name__, ARITHMETIC}], row


def test_the_precision_beside_a_convention_is_put_in_words():
    both = type("both", (mutants.gates_swapped, mutants.bfloat16_products), {})
    found = diagnose(both())
    assert [part.name for part in found.explanations[0]] == ["gates_swapped", "arithmetic"]
    assert any(
        "with that, the numbers are consistent with products of operands in bfloat16" in line for line in found.lines
    )


@pytest.mark.parametrize(
    ("mutant", "dtype", "words"),
    [
        (mutants.tf32_products, "float32", "products of operands in TF32"),
        (mutants.bfloat16_products, "float32", "products of operands in bfloat16"),
        (mutants.bfloat16_products, "float64", "products of operands in bfloat16"),
        (mutants.float32_under_float64, "float64", "steps in float32"),
        (mutants.tanh_off_by_2_to_the_minus_11, "float64", "sigma and tanh accurate to 2^-10"),
    ],
)
def test_less_precision_alone_is_named_by_a_possible_class(mutant, dtype, words):
    assert words in precision(mutant, dtype)


def test_a_coarser_product_is_not_called_a_finer_one(monkeypatch):
    """Twice the bound of a weaker class would call bfloat16 TF32; the suite's own values have far smaller errors."""
    assert "products of operands in TF32" not in precision(mutants.bfloat16_products, "float32")
    contains = Near.contains
    monkeypatch.setattr(Near, "contains", lambda near, computed, ours: contains(near, computed, near.error))
    assert "products of operands in TF32" in precision(mutants.bfloat16_products, "float32")


def precision(mutant, dtype):
    search = study(dtype=dtype).search
    (found,) = search.found(answers_to(mutant(), search.claimed.cases))
    assert not found.parts
    return [weaker_parts(search.claimed.claim, weak) for weak in found.arithmetic]


def test_less_precision_is_put_in_words():
    (line,) = Diagnosis("after", "float32", 32, 31, consistent="steps in float16").lines
    assert line.endswith(
        "31 got a wrong answer; no known convention explains this, and all numbers are consistent with steps in float16"
    )


def test_the_classes_are_weaker_than_the_claim_and_come_after_the_stricter_ones():
    claim = Emulated.capabilities.arithmetic["float32"]
    classes = [claim, *weaker(claim)]
    for place, one in enumerate(classes):
        assert as_precise(one, one)
        assert not any(as_precise(later, one) for later in classes[place + 1 :]), one
    assert all(as_precise(claim, one) and weaker_parts(claim, one) for one in classes[1:])
    assert strictest(classes) == [claim]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_words_for_a_weaker_class_say_all_that_differs_and_nothing_else(dtype):
    """This holds for claims of all formats. If whole steps use a lower precision, the words say so and omit the
    consequences.
    """
    formats = ("float64", "float32", "float16", "bfloat16")
    for compute, products, accumulator, output in product(
        (None, *formats), (None, *FORMATS), (None, *formats), (None, *formats)
    ):
        try:
            claim = Arithmetic(
                dtype=dtype, compute=compute, products=products, accumulator=accumulator, output=output,
                activation="8 ULP", source="the test",
            )  # fmt: skip
        except InvalidClaim:  # states of a wider format than the interface
            continue
        for weak in weaker(claim):
            words, about = weaker_parts(claim, weak), (claim, weak)
            assert "None" not in words, about
            differs = {
                "steps in": weak.format != claim.format,
                "products of operands in": weak.operands != claim.operands,
                "sums in": weak.sums != claim.sums,
                "states shown in": weak.output_format != claim.output_format,
                "sigma and tanh accurate": weak.activation != claim.activation,
            }
            said = {phrase for phrase in differs if phrase in words}
            if differs["steps in"]:
                assert said <= {"steps in", "sums in"} and "steps in" in said, about
            else:
                assert said == {phrase for phrase, other in differs.items() if other}, about


class softsign_gates(Emulated):
    """A GRU that a line of bfloat16's running bound cannot exclude, but a step's bound can."""

    def sigmoid(self, a):
        return (a / (1 + np.abs(a)) + 1) / 2


class forgets_a_thousandth(Emulated):
    """A GRU within bfloat16's bounds whose numbers are not bfloat16 numbers."""

    def blend(self, z, h, n):
        return super().blend(z, h * h.dtype.type(0.999), n)


@pytest.mark.parametrize("subject", [softsign_gates, forgets_a_thousandth])
def test_a_wrong_formula_is_not_called_less_precision(subject, monkeypatch):
    monkeypatch.setattr("conformance.diagnosis.search.ALONE", ())
    found = diagnose(subject())
    assert found is not None and found.explanations == [] and found.consistent is None
    monkeypatch.setattr("conformance.diagnosis.examination.classes_met", lambda gru, dtype, reset, classes: classes)
    found = diagnose(subject())
    assert found is not None and found.consistent is not None


def test_less_precision_is_not_reported_for_a_bound_that_covers_only_some_numbers(monkeypatch):
    subject = Adapter(mutants.bfloat16_products().run, IN_ONE_WAY)
    monkeypatch.setattr("conformance.diagnosis.grades.judge_run", lambda case, answer, weak: Judgement(judged=1))
    found = diagnose(subject)
    assert found is not None and found.wrong and found.consistent is None


def test_less_precision_is_not_reported_for_a_subject_without_plain_runs(monkeypatch):
    class OnlyFewUnits(mutants.bfloat16_products):
        capabilities = IN_ONE_WAY

        def run(self, case) -> Outputs:
            if case.units > max(SHAPE):
                raise MemoryError("so many units")
            return super().run(case)

    monkeypatch.setattr("conformance.diagnosis.search.AT_ONCE", 1)
    found = diagnose(Adapter(mutants.bfloat16_products().run, IN_ONE_WAY))
    assert found is not None and "products of operands in bfloat16" in (found.consistent or "")
    found = diagnose(OnlyFewUnits())
    assert found is not None and found.wrong and found.consistent is None
