"""The grade names the best class that agrees with the numbers, and no class if none does."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.adapters.reference import Reference
from conformance.checks.judgement import Judgement
from conformance.checks.verdict import Grade
from conformance.diagnosis import grades as graded
from conformance.diagnosis.grades import grade, grades, ladder
from conformance.interface.arithmetic import FORMATS, Arithmetic, contains
from conformance.interface.case import Case, Outputs
from conformance.mutants import (
    bfloat16_products,
    gates_swapped,
    hard_sigmoid_gates,
    remainder_dropped,
    rough_tanh,
    tanh_off_by_2_to_the_minus_11,
    tf32_products,
    update_block_used_for_the_reset,
)
from conformance.mutants.emulated import Emulated
from reference import Parameters
from studies.softfloat.gru import SoftGRU


def computed_in(case: Case, dtype: str) -> Outputs:
    """The answer of a GRU that computes in another format and returns its numbers in the case's format."""

    def cast(array: np.ndarray) -> np.ndarray:
        return array.astype(dtype)

    answer = Emulated().run(
        replace(
            case,
            inputs=cast(case.inputs),
            parameters=tuple(
                Parameters(cast(p.kernel), cast(p.recurrent_kernel), cast(p.bias), p.reset) for p in case.parameters
            ),
            initial_state=tuple(map(cast, case.starts)),
        )
    )
    return Outputs(*(part.astype(case.dtype) for part in answer))


class InFloat64(Emulated):
    def run(self, case):
        return computed_in(case, "float64")


class InFloat16(Emulated):
    def run(self, case):
        return computed_in(case, "float16")


@pytest.mark.parametrize(
    ("gru", "dtype", "name"),
    [
        (Reference(), "float32", "float32, activations correctly rounded"),
        (Reference(), "float64", "float64, activations correctly rounded"),
        (Emulated(), "float32", "float32, activations correctly rounded"),
        (InFloat64(), "float32", "float64 compute"),
        (tf32_products(), "float32", "tf32 products"),
        (bfloat16_products(), "float32", "bfloat16 products"),
        (tanh_off_by_2_to_the_minus_11(), "float32", "within 2^-10"),
        (InFloat16(), "float32", "float16 compute, float32 accumulator"),
        (InFloat16(), "float64", "float16 compute, float32 accumulator"),
    ],
)
def test_the_class_that_is_met_is_named(gru, dtype, name):
    found = grade(gru, dtype)
    assert found.met is not None and found.met.startswith(dtype) and found.met.endswith(name.removeprefix(dtype))
    assert found.judged and found.margin <= 1


@pytest.mark.parametrize("gru", [remainder_dropped(), update_block_used_for_the_reset(), hard_sigmoid_gates()])
def test_a_wrong_formula_is_of_no_class_however_coarse(gru):
    """The coarsest bounds prove nothing for most sums, and a class without proof does not count as met."""
    assert grade(gru, "float32").met is None


def test_mixed_precision_is_a_class_of_its_own():
    inside = Arithmetic(
        dtype="float32", compute="bfloat16", accumulator="float32", activation="correctly rounded", source="a test"
    )
    found = grade(SoftGRU(inside, 1), "float32")
    assert str(found.met).endswith("bfloat16 compute, float32 accumulator")


def test_a_class_that_judges_only_some_numbers_is_not_met(monkeypatch):
    asked = []

    def most(case, answer, arithmetic):
        asked.append(case)
        return Judgement(judged=answer.outputs.size)

    monkeypatch.setattr(graded, "judge_run", most)
    assert grade(Emulated(), "float32").met is None
    assert len(asked) == len(ladder("float32"))


def test_a_tanh_that_is_two_per_cent_off_is_of_a_narrower_format_at_best():
    assert "compute" in str(grade(rough_tanh(), "float32").met)


class OnlyFinalStates(Emulated):
    def __init__(self) -> None:
        self.capabilities = replace(Emulated.capabilities, outputs=False)

    def run(self, case):
        return Outputs(None, super().run(case).final_state)


def test_a_grade_can_be_had_from_final_states_alone():
    found = grade(OnlyFinalStates(), "float32")
    assert found.met == "float32, activations correctly rounded"
    assert found.judged < grade(Emulated(), "float32").judged


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_another_convention_is_no_class_of_arithmetic(dtype):
    assert grade(gates_swapped(), dtype) == Grade(dtype, None, float("inf"), 0)


class Becomes(Emulated):
    """A GRU whose every state is one of these numbers in turn."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def blend(self, z, h, n):
        return np.resize(np.array(self.numbers, h.dtype), h.shape)


@pytest.mark.parametrize("numbers", [(np.nan,), (np.inf, -np.inf), (3e38, -3e38), (0.0,), (0.5,)])
def test_a_subject_that_is_no_gru_meets_no_class(numbers):
    assert [found.met for found in grades(Becomes(*numbers))] == [None, None]


class Raises(Emulated):
    """A GRU that raises from the second question on."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error, self.asked = error, 0

    def run(self, case):
        self.asked += 1
        if self.asked > 1:
            raise self.error("no")
        return super().run(case)


@pytest.mark.parametrize("error", [ValueError, SystemExit, MemoryError])
def test_a_subject_that_raises_has_no_grade(error):
    assert grades(Raises(error)) == []


class OfAnotherShape(Emulated):
    def run(self, case):
        return Outputs(super().run(case).outputs[:, :1], None)


def test_a_subject_that_answers_something_else_has_no_grade():
    assert grades(OfAnotherShape()) == []


def test_only_formats_that_are_claimed_are_graded():
    gru = Emulated()
    gru.capabilities = replace(gru.capabilities, arithmetic={"float64": gru.capabilities.arithmetic["float64"]})
    assert [found.dtype for found in grades(gru)] == ["float64"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_no_class_of_the_ladder_is_named_twice_and_none_is_more_precise_than_its_interface_lets_it(dtype):
    names = [str(arithmetic) for arithmetic in ladder(dtype)]
    assert len(set(names)) == len(names)
    assert all(contains(FORMATS[dtype], arithmetic.output_format) for arithmetic in ladder(dtype))


def test_the_flushing_that_is_claimed_is_granted_in_every_class_and_is_not_in_its_name():
    class Flushing(Emulated):
        capabilities = replace(
            Emulated.capabilities,
            arithmetic={"float32": Arithmetic(dtype="float32", activation="8 ULP", flush=True, source="a test")},
        )

    assert all(arithmetic.flush for arithmetic in ladder("float32", flush=True))
    assert grade(Flushing(), "float32").met == grade(Emulated(), "float32").met


def test_without_bounds_every_subject_would_be_of_the_first_class(monkeypatch):
    monkeypatch.setattr(graded, "judge_run", lambda case, answer, arithmetic: Judgement(judged=10_000))
    assert grade(gates_swapped(), "float32").met == str(ladder("float32")[0])


def test_a_subject_that_is_not_judged_meets_no_class(monkeypatch):
    monkeypatch.setattr(graded, "judge_run", lambda case, answer, arithmetic: Judgement())
    assert grade(Emulated(), "float32").met is None
