"""Free combinations cover every pair of options and every special size, and detect faults of large sizes and of
calls.
"""

from dataclasses import replace
from itertools import combinations, islice, permutations, product

import numpy as np
import pytest

from conformance.adapters.reference import Reference
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.clauses.contract import TWO_ANSWERS, first_case, make_first_call
from conformance.checks.clauses.gradients import cotangents
from conformance.checks.free_cases import COMPILED_CASES, Extent, free_cases
from conformance.checks.judge import PROFILES, failure, judge
from conformance.checks.verdict import FAIL, PASS, USUAL
from conformance.interface.adapter import Adapter, Capabilities
from conformance.interface.case import COTANGENTS, MERGES, Case, Outputs
from conformance.interface.combinations import (
    ALIGNED,
    AROUND,
    LONG_TIMES,
    TOGETHER,
    covering,
    kind_of,
    options,
    possible,
    shapes,
)
from conformance.interface.values import CHANGES
from conformance.mutants import (
    every_output_from_the_last_48_steps,
    mask_kept_between_calls,
    only_the_last_32_steps_run,
    tanh_slope_overflows,
    weights_cached_by_their_first_bytes,
)
from conformance.mutants.emulated import Emulated

EVERYTHING = Reference.capabilities
FREE = free_cases(EVERYTHING, USUAL, PROFILES["dev"].free, 0)
CASES = [case for listed in FREE.cases.values() for case in listed]


def test_every_pair_that_can_go_together_is_in_some_combination():
    choices = options(EVERYTHING, USUAL)

    def fits(chosen):
        return possible(chosen, EVERYTHING)

    made = list(covering(choices, fits, np.random.default_rng(1)))
    covered = {pair for chosen in made for pair in combinations(chosen.items(), 2)}
    whole = [dict(zip(choices, values, strict=True)) for values in islice(product(*choices.values()), 0, None, 7)]
    wanted = {pair for chosen in whole if fits(chosen) for pair in combinations(chosen.items(), 2)}
    assert wanted and wanted <= covered
    assert all(map(fits, made))


def test_every_three_kinds_that_can_go_together_are_in_some_combination():
    choices = {name: values for name, values in options(EVERYTHING, USUAL).items() if name != "values"}

    def fits(chosen):
        return possible(chosen, EVERYTHING)

    def threes(chosen):
        return combinations(((name, kind_of(name, value)) for name, value in chosen.items()), 3)

    made = list(covering(choices, fits, np.random.default_rng(1), 3, kind_of))
    whole = [dict(zip(choices, values, strict=True)) for values in islice(product(*choices.values()), 0, None, 11)]
    wanted = {three for chosen in whole if fits(chosen) for three in threes(chosen)}
    assert wanted and wanted <= {three for chosen in made for three in threes(chosen)}


def test_under_ci_all_fours_of_run_padding_policy_and_answer_are_asked():
    """Red without them: a sum of two directions that is wrong at padded times under one policy alone."""
    cases = free_cases(EVERYTHING, USUAL, PROFILES["ci"].free, 0).cases
    asked = {
        (case.merge, case.mask is not None, case.masked_outputs, clause.startswith("gradients"))
        for (clause, _), listed in cases.items()
        for case in listed
        if case.merge and (case.mask is not None or case.lengths is not None)
    }
    assert set(product(MERGES, (False, True), EVERYTHING.bidirectional_masked_outputs, (False, True))) <= asked


def test_equal_rows_with_different_states_are_in_a_run_without_padding():
    """Red without plain runs of each kind of values."""
    listed = free_cases(EVERYTHING, USUAL, PROFILES["ci"].free, 0).cases
    for cases in (FREE.cases, listed):
        runs = [case for (clause, _), some in cases.items() for case in some if not clause.startswith("gradients")]
        assert any(
            case.batch > 1 < case.time and case.valid.all() and (case.inputs == case.inputs[:1]).all()
            and any((h != h[:1]).any() for h in case.initial_state or ())
            for case in runs
        )  # fmt: skip


def test_every_special_size_of_each_axis_has_its_turn():
    pairs = list(permutations(range(4), 2))
    count = 4 * len(AROUND) + len(LONG_TIMES) + 1 + len(ALIGNED) + len(TOGETHER) * len(pairs)
    seen = list(islice(shapes(np.random.default_rng(2), zero_time=True), count))
    for (one, other), together in product(pairs, TOGETHER):
        assert together in {(shape[one], shape[other]) for shape in seen}
    for place, sizes in enumerate([AROUND, (*AROUND, *LONG_TIMES, 0), AROUND, AROUND]):
        assert set(sizes) <= {shape[place] for shape in seen}
    assert any(set(shape) <= set(ALIGNED) for shape in seen)


def test_the_list_is_the_same_for_all_that_declare_the_same():
    again = free_cases.__wrapped__(EVERYTHING, USUAL, PROFILES["dev"].free, 0)
    assert again.cases.keys() == FREE.cases.keys()
    for key, listed in again.cases.items():
        numbers = [case.inputs.tobytes() for case in listed]
        assert numbers == [case.inputs.tobytes() for case in FREE.cases[key]]


def test_some_gradient_cases_have_many_units_and_some_many_steps():
    asked = [case for (clause, _), listed in FREE.cases.items() if clause.startswith("gradients") for case in listed]
    assert sum(case.units >= 64 and case.time <= 3 for case in asked) >= 4
    assert sum(case.time >= 128 and case.units <= 4 for case in asked) >= 2
    assert {case.cotangent_kind for case in asked} == set(COTANGENTS)
    assert any(case.time == 0 for case in asked)


@pytest.mark.parametrize("mutant", [every_output_from_the_last_48_steps, only_the_last_32_steps_run])
def test_a_run_that_forgets_its_beginning_is_seen_at_some_long_runs(mutant):
    """This holds for subjects that return outputs and for subjects that return only final states."""
    listed = free_cases(mutant.capabilities, USUAL, PROFILES["dev"].free, 0).cases
    long = [
        (clause, case)
        for (clause, _), some in listed.items()
        for case in some
        if case.time >= min(LONG_TIMES) and case.valid.all() and not clause.startswith("gradients")
    ]
    assert any(failure(mutant(), BY_CLAUSE[clause], case)[1] for clause, case in long)


def test_some_gradient_has_candidates_so_far_out_that_exp_overflows():
    cases = [(clause, case) for (clause, dtype), listed in FREE.cases.items() if dtype == "float32" for case in listed]
    far = [(clause, case) for clause, case in cases if clause.startswith("gradients") and case.units]
    far = [(clause, case) for clause, case in far if any((abs(p.bias[0, -1]) > 50).any() for p in case.parameters)]
    assert any(failure(tanh_slope_overflows(), BY_CLAUSE[clause], case)[1] for clause, case in far)


def test_each_kind_of_padding_state_and_value_occurs():
    padded = [case for case in CASES if case.mask is not None or case.lengths is not None]
    assert any(case.mask is not None and case.mask.all() for case in padded)
    assert any(case.lengths is not None and case.batch > 1 and len(set(case.lengths.tolist())) == 1 for case in padded)
    assert any(case.lengths is not None and 0 < case.lengths.max(initial=0) < case.time for case in padded)
    assert any(case.time and not case.valid.any() for case in padded)
    assert any(case.time and not case.inputs[case.valid].any(axis=-1).all() for case in CASES)
    assert any(case.initial_state is not None and not any(map(np.any, case.initial_state)) for case in CASES)
    assert any(np.abs(state).max(initial=0) > 5 for case in CASES for state in case.initial_state or ())
    asked = [case for case in CASES if case.batch > 1 and case.time > 1 and case.inputs.size]
    assert any((case.inputs == case.inputs[:1]).all() for case in asked)
    assert any((case.inputs[:, 1:] == case.inputs[:, :-1]).all(axis=2).any() for case in asked if case.units > 1)
    assert any((state == state[:1]).all() and state.any() for case in asked for state in case.initial_state or ())
    parameters = [p for case in CASES for p in case.parameters]
    for absent in (lambda p: p.kernel, lambda p: p.recurrent_kernel, lambda p: p.bias[0], lambda p: p.bias[1]):
        assert any(not absent(p).any() for p in parameters)
    assert any(len(case.parameters) == 2 and case.parameters[0] is case.parameters[1] for case in CASES)
    assert any(np.abs(case.inputs).max(initial=0) > 2**17 for case in CASES)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_of_values_is_the_same_for_the_same_seed_and_leaves_the_case_as_it_was(kind):
    case = first_case(EVERYTHING, "float32")
    text, made = case.to_text(), [CHANGES[kind](case, np.random.default_rng(5)).to_text() for _ in range(2)]
    assert case.to_text() == text and made[0] == made[1] != text


def test_a_subject_that_declares_little_gets_only_such_cases():
    little = Capabilities(arithmetic={"float32": EVERYTHING.arithmetic["float32"]}, initial_state=False)
    cases = [case for listed in free_cases(little, USUAL, Extent(), 0).cases.values() for case in listed]
    assert cases
    for case in cases:
        assert (case.dtype, case.reset, case.reverse, case.merge) == ("float32", "after", False, None)
        assert case.initial_state is None and case.mask is None and case.lengths is None


def test_a_subject_that_compiles_for_each_shape_gets_few_cases():
    compiled = replace(EVERYTHING, compiles_per_shape=True)
    listed = free_cases(compiled, USUAL, Extent(), 0)
    cases = [case for some in listed.cases.values() for case in some]
    assert len(cases) <= COMPILED_CASES
    assert len({(*case.inputs.shape, case.units) for case in cases}) <= 5


def test_a_case_fits_a_command_line():
    largest = max(CASES, key=lambda case: case.units * (case.units + case.inputs.shape[2]) + case.inputs.size)
    assert len(largest.to_text()) < 128 * 1024  # of Linux, for one argument


def test_the_specification_is_right_at_every_free_case_of_one_step():
    for (clause, _), listed in FREE.cases.items():
        for case in listed[:1]:
            assert failure(Reference(), BY_CLAUSE[clause], case)[1] is None, clause


@pytest.mark.parametrize("kind", COTANGENTS)
def test_cotangents_are_of_their_kind(kind):
    case = replace(first_case(EVERYTHING, "float32"), cotangent_kind=kind)
    given, plain = cotangents(case), cotangents(replace(case, cotangent_kind="all"))
    assert bool(given.outputs.any()) == (kind != "final") and bool(given.final_state.any()) == (kind != "outputs")
    if kind in ("large", "small"):
        assert np.array_equal(given.outputs, plain.outputs * np.float32(2.0 ** (20 if kind == "large" else -40)))
    assert (len(np.unique(given.outputs)) == 1) == (kind in ("equal", "final"))
    assert Case.from_text(case.to_text()).cotangent_kind == kind


def asked(run, **capabilities):
    """The verdict of calls-independent on a function, after its first call."""
    gru = Adapter(run, replace(EVERYTHING, gradients=False, **capabilities))
    make_first_call(gru, first_case(gru.capabilities, "float32"))
    return judge(gru, BY_CLAUSE["calls-independent"], "float32", PROFILES["dev"], shrink=False)


def test_an_honest_function_keeps_the_contract():
    assert asked(Reference().run).kind == PASS


def test_a_wrong_first_call_counts():
    calls = []

    def run(case):
        calls.append(case)
        answer = Reference().run(case)
        return Outputs(answer.outputs + (len(calls) == 1), answer.final_state)

    verdict = asked(run)
    assert verdict.kind == FAIL and f"{TWO_ANSWERS}: the first call" in verdict.reason


def test_an_answer_that_a_later_call_overwrites_is_seen():
    buffers = {}

    def run(case):
        outputs, final = Reference().run(case)
        if not isinstance(outputs, np.ndarray):
            return Outputs(outputs, final)
        buffer = buffers.setdefault((outputs.shape, outputs.dtype), np.empty_like(outputs))
        buffer[...] = outputs
        return Outputs(buffer, final)

    verdict = asked(run)
    assert verdict.kind == FAIL and "was changed by a later call" in verdict.reason


def test_weights_that_are_kept_by_their_identity_are_seen():
    kept = {}

    def run(case):
        parameters = tuple(
            replace(p, recurrent_kernel=kept.setdefault(id(p.recurrent_kernel), (p, p.recurrent_kernel.copy()))[1])
            for p in case.parameters
        )
        return Reference().run(replace(case, parameters=parameters))

    verdict = asked(run)
    assert verdict.kind == FAIL and "after a change of recurrent_kernel in place" in verdict.reason


@pytest.mark.parametrize("mutant", [mask_kept_between_calls, weights_cached_by_their_first_bytes])
def test_what_a_call_keeps_of_an_earlier_one_is_seen(mutant):
    assert asked(mutant().run).kind == FAIL


def test_strides_that_are_ignored_are_seen():
    def run(case):
        inputs = case.inputs
        if not inputs.flags.c_contiguous:
            inputs = inputs.T.reshape(inputs.shape)
        return Reference().run(replace(case, inputs=np.ascontiguousarray(inputs)))

    assert asked(run).kind == FAIL


class Gradual(Reference):
    """A subject that is wrong in one of the ways below."""


class gradients_in_one_buffer(Gradual):
    def __init__(self):
        self.buffers = {}

    def gradients(self, case, cotangents):
        found = super().gradients(case, cotangents)
        if isinstance(found.inputs, np.ndarray):
            buffer = self.buffers.setdefault((found.inputs.shape, case.dtype), np.empty_like(found.inputs))
            buffer[...] = found.inputs
            return found._replace(inputs=buffer)
        return found


class gradients_of_the_last_run(Gradual):
    last: Case | None = None

    def run(self, case):
        self.last = case
        return super().run(case)

    def gradients(self, case, cotangents):
        return super().gradients(self.last, cotangents)


class masks_read_as_if_contiguous(Gradual):
    def run(self, case):
        if case.mask is not None and not case.mask.flags.c_contiguous:
            case = replace(case, mask=case.mask.T.reshape(case.mask.shape).copy())
        return super().run(case)


class lengths_read_as_if_contiguous(Gradual):
    capabilities = replace(Reference.capabilities, masks=False)

    def run(self, case):
        lengths = case.lengths
        if lengths is not None and lengths.strides != (lengths.itemsize,):
            lengths = np.lib.stride_tricks.as_strided(lengths, lengths.shape, (lengths.itemsize,)).copy()
        return super().run(replace(case, lengths=lengths))


@pytest.mark.parametrize("wrong", Gradual.__subclasses__())
def test_gradients_and_padding_keep_the_contract_too(wrong):
    gru = wrong()
    assert judge(gru, BY_CLAUSE["calls-independent"], "float32", PROFILES["dev"], shrink=False).kind == FAIL


def test_cotangents_that_are_overwritten_are_seen():
    class cleared(Reference):
        def gradients(self, case, cotangents):
            found = super().gradients(case, cotangents)
            for part in cotangents.outputs if isinstance(cotangents.outputs, tuple) else (cotangents.outputs,):
                part[...] = 0
            return found

    verdict = judge(cleared(), BY_CLAUSE["inputs-unmodified"], "float32", PROFILES["dev"], shrink=False)
    assert verdict.kind == FAIL and "cotangents of outputs were modified" in verdict.reason


@pytest.mark.parametrize(("axis", "least"), [("time", 41), ("units", 65), ("batch", 17), ("input_dim", 65)])
def test_a_fault_beyond_a_size_is_caught(axis, least):
    """The subject is right at every smaller size."""

    class wrong_beyond(Emulated):
        def final(self, case, outputs, h):
            final = super().final(case, outputs, h)
            return final + 1 if case.sizes[axis] >= least else final

    cases = [(clause, case) for (clause, _), listed in FREE.cases.items() for case in listed]
    beyond = [(clause, case) for clause, case in cases if case.sizes[axis] >= least]
    assert any(failure(wrong_beyond(), BY_CLAUSE[clause], case)[1] for clause, case in beyond)
