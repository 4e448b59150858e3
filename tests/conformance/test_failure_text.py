"""The report's text about a failure: the responsible gate, the case in decimals, and a command that works when
pasted.
"""

import itertools
import os
import re
import subprocess
import sys
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import pytest
from flint import arb

from conformance.adapters import load
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge, judge_again, judge_case
from conformance.checks.judgement import Finding
from conformance.checks.verdict import ERROR, FAIL, PASS, Cause, Part, Verdict
from conformance.cli.report.failure import (
    LONGEST,
    again,
    decimals,
    failure_lines,
    failure_text,
    in_columns,
    one_cause_each,
    smallest_case,
    where,
)
from conformance.diagnosis import diagnosed
from conformance.diagnosis.blame import _Number, _Reach, blamed
from conformance.interface.adapter import GRU
from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from conformance.specification import CLAUSES
from reference import Parameters

DEV = PROFILES["dev"]


def explained(gru: GRU, clause: str = "step-after", dtype: str = "float32") -> Verdict:
    return blamed(gru, judge(gru, BY_CLAUSE[clause], dtype, DEV))


def failed(name: str, clause: str = "step-after", dtype: str = "float32") -> Verdict:
    verdict = explained(load(f"conformance.mutants:{name}"), clause, dtype)
    assert verdict.kind == FAIL
    return verdict


# The responsible gate.


class UpdateGateOfHalf(Emulated):
    def blend(self, z, h, n):
        return super().blend(z / 2, h, n)


class UpdateGateOfTheNextUnit(Emulated):
    def blend(self, z, h, n):
        return super().blend(np.roll(z, 1, axis=-1), h, n)


class CandidateHalved(Emulated):
    def tanh(self, a):
        return np.tanh(a) / 2


class StateAddedWholeBesideTheCandidate(Emulated):
    def blend(self, z, h, n):
        return 3 + h + n


@pytest.mark.parametrize(
    ("gru", "gate"),
    [
        ("update_sense_flipped", "z"),
        (UpdateGateOfHalf(), "z"),
        (UpdateGateOfTheNextUnit(), "z"),
        ("reset_ignored", "r"),
        ("reset_complemented", "r"),
        ("update_block_used_for_the_reset", "r"),
        ("reset_gate_of_the_wrong_unit", "r"),
        ("rough_tanh", "n"),
        ("sigmoid_candidate", "n"),
        ("recurrent_candidate_bias_missing", "n"),
        ("candidate_block_transposed", "n"),
        ("reset_before_instead_of_after", "n"),
        (CandidateHalved(), "n"),
        (StateAddedWholeBesideTheCandidate(), "state or blend"),
        ("gates_swapped", None),
        ("hard_sigmoid_gates", None),
        ("linear_candidate", None),
        ("state_added_whole", None),
        ("bias_ignored", None),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.long)])
def test_the_gate_that_is_wrong_is_blamed_and_none_where_more_than_one_is(gru, gate, dtype):
    subject = load(f"conformance.mutants:{gru}") if isinstance(gru, str) else gru
    verdict = explained(subject, dtype=dtype)
    assert verdict.blame is not None
    assert verdict.blame.gate == gate
    assert (gate is None) == (verdict.blame.value is None)


def test_where_the_reset_gate_acts_before_the_product_it_is_blamed_too():
    class Complemented(Emulated):
        def reset(self, x_side, h, p):
            return 1 - super().reset(x_side, h, p)

    verdict = explained(Complemented(), "step-before")
    assert verdict.blame is not None and verdict.blame.gate == "r"


def test_the_value_that_a_gate_would_have_to_have_is_the_one_it_had():
    blame = failed("reset_ignored", dtype="float64").blame
    assert blame is not None and blame.value is not None and blame.exact is not None
    assert "it would have to be 1 in place of 0." in blame.sentence
    assert 0 < blame.exact < 1


def test_one_wrong_number_is_too_little_to_blame_a_gate_by():
    """Without an initial state something is wrong, with one nothing is, so a plain run adds nothing."""
    blame = failed("recurrent_bias_skipped_without_initial_state", "initial-state-none").blame
    assert blame is not None and blame.gate is None
    assert "too little is wrong" in blame.sentence and "a plain run is right" in blame.sentence


def test_a_gate_that_can_bring_a_number_nowhere_has_the_room_of_the_bound_on_either_side():
    """Otherwise the logarithm would be that of 0, and such a gate would always be the most likely one."""
    old, bound = arb(0.5), arb(2) ** -24
    number = _Number(old, bound, {"z": _Reach(old, old, None, None)}, (old, old))
    assert number.room("z") == float((arb(2) ** -23).log())


def test_a_number_that_is_none_is_blamed_on_no_gate():
    class Nan(Emulated):
        def blend(self, z, h, n):
            return np.full_like(h, np.nan)

    verdict = explained(Nan())
    assert "not finite" in str(verdict.blame)


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("final_state_from_the_last_time", "final-state"),
        ("masked_output_is_zero_before_the_first_step", "masked-outputs"),
        ("gradients_off_by_a_factor", "gradients"),
        ("gradient_at_masked_inputs", "masked-gradient"),
        ("nan_through_a_masked_select", "padding-gradient"),
        ("inputs_overwritten", "inputs-unmodified"),
    ],
)
def test_a_number_of_no_step_blames_no_gate(name, clause):
    verdict = failed(name, clause)
    assert verdict.blame is None
    text = "\n".join(failure_text(name, verdict))
    assert verdict.finding is not None
    assert verdict.finding.message in text and "exact" in text
    assert ("cotangents of outputs" in text) == ("gradient" in clause)


# The text.


def test_a_failing_step_without_a_known_cause_says_all_there_is_to_know():
    verdict = failed("rough_tanh")
    heading, reason, rule, where, blame, *lines = failure_text("its:name", verdict)
    assert heading.startswith("FAIL step-after float32: ")
    assert "row 0, step 0, unit 0" in reason
    assert rule == f"rule:  {CLAUSES['step-after']}"
    assert re.fullmatch(r"where: outputs\[0, 0, 0\] = \S+, exact \S+, bound \S+: off by \S+ bounds \(float32\)", where)
    assert blame.startswith("       gate most responsible: n")
    assert lines[0] == "case:  1 row, 1 step, 1 input, 1 unit; float32, forward, reset after"
    assert lines[-1] == f"again: gru-conformance again its:name step-after {verdict.again}"


def test_a_gate_is_named_only_where_it_says_something():
    verdict = failed("gates_swapped")
    assert verdict.blame is not None and verdict.blame.gate is None
    assert "gate most responsible" not in "\n".join(failure_text("its:name", verdict))


@pytest.mark.parametrize(
    ("computed", "exact", "shown"),
    [
        (0.12428244948387146, 0.3118562749129378, "h = 0.12428, exact 0.31186"),
        (0.5000001, 0.5, "h = 0.5000001, exact 0.5"),
        (-1.0, 1.0, "h = -1, exact 1"),
        (1 + 2.0**-52, 1.0, "h = 1.0000000000000002, exact 1"),
        (float("nan"), 0.25, "h = nan, exact 0.25"),
        (0.25, float("inf"), "h = 0.25, exact inf"),
        (1e-30, 0.0, "h = 1e-30, exact 0"),
    ],
)
def test_a_number_is_shown_in_the_digits_that_tell_it_from_the_exact_one(computed, exact, shown):
    assert where(Finding("", "h", computed, exact)) == shown


CAUSE = Cause(((Part("a", "the gate is b.", "make it c", "https://github.com/d/e/issues/1"),),))


def test_a_known_cause_and_its_fix_come_first_and_blame_does_not_come():
    verdict = replace(failed("rough_tanh"), cause=CAUSE)
    first, fix, link, _, *rest = failure_lines("its:name", [verdict])
    assert [first, fix, link] == [
        ("", "the gate is b"),
        ("fix", "make it c"),
        ("", "the same mistake elsewhere: d/e#1"),
    ]
    assert [label for label, _ in rest] == ["again"]


def test_clauses_of_one_cause_are_one_finding_and_those_with_a_known_cause_come_first():
    unknown = Verdict(clause="masks", dtype="float32", kind=FAIL, finding=Finding("wrong"))
    errors = [Verdict(clause=clause, dtype="float32", kind=ERROR, reason="it ended") for clause in ("merge", "split")]
    formats = ("float32", "float64")
    known = [Verdict(clause=c, dtype=d, kind=FAIL, cause=CAUSE) for c in ("lengths", "reverse") for d in formats]
    passed = Verdict(clause="final-state", dtype="float32", kind=PASS)
    groups = one_cause_each([unknown, replace(unknown, dtype="float64"), *errors, passed, *known])
    assert [[(v.clause, v.dtype) for v in group] for group in groups] == [
        [(v.clause, v.dtype) for v in known],
        [("masks", "float32"), ("masks", "float64")],
        [("merge", "float32"), ("split", "float32")],
    ]
    assert failure_lines("its:name", known)[-1] == ("also", "lengths (float64); reverse (float32, float64)")


def test_every_number_of_a_small_case_stands_where_its_name_says():
    """No two numbers are equal, so that none can replace another."""
    numbers = itertools.count(1)

    def counted(*shape: int) -> np.ndarray:
        return np.array([next(numbers) for _ in range(prod(shape))], np.float32).reshape(shape)

    inputs = counted(2, 2, 1)
    parameters = tuple(Parameters(counted(3, 1, 1), counted(3, 1, 1), counted(2, 3, 1), "after") for _ in range(2))
    start = (counted(2, 1), counted(2, 1))
    case = Case(inputs=inputs, parameters=parameters, initial_state=start, lengths=np.array([0, 2]), merge="mul")

    assert list(smallest_case(case)) == [
        '2 rows, 2 steps, 1 input, 1 unit; float32, two directions, joined by mul, reset after, masked outputs "carry"',
        "  inputs [[[1], [2]], [[3], [4]]]",
        "  lengths [0, 2]",
        "  forward initial_state [[29], [30]]",
        "  forward z: kernel [[5]], recurrent_kernel [[8]], bias [11], recurrent bias [14]",
        "  forward r: kernel [[6]], recurrent_kernel [[9]], bias [12], recurrent bias [15]",
        "  forward n: kernel [[7]], recurrent_kernel [[10]], bias [13], recurrent bias [16]",
        "  backward initial_state [[31], [32]]",
        "  backward z: kernel [[17]], recurrent_kernel [[20]], bias [23], recurrent bias [26]",
        "  backward r: kernel [[18]], recurrent_kernel [[21]], bias [24], recurrent bias [27]",
        "  backward n: kernel [[19]], recurrent_kernel [[22]], bias [25], recurrent bias [28]",
    ]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_decimals_are_the_numbers(dtype):
    numbers = np.random.default_rng(2).standard_normal(50).astype(dtype) * np.array(2.0**-12).astype(dtype)
    shown = [float(text) for text in decimals(numbers).strip("[]").split(", ")]
    assert np.array_equal(np.array(shown).astype(dtype), numbers)


def test_a_large_case_is_not_written_out_and_one_too_long_for_a_shell_goes_to_a_file(tmp_path):
    small = Case.from_text(failed("rough_tanh").again or "")
    wide = replace(small, inputs=np.random.default_rng(3).standard_normal((400, 40, 1)).astype(np.float32))
    verdict = replace(failed("rough_tanh"), again=wide.to_text())
    assert len(verdict.again or "") > LONGEST
    lines = failure_text("conformance.mutants:rough_tanh", verdict, tmp_path)
    assert "         (too large to write out)" in lines
    (written,) = tmp_path.iterdir()
    assert lines[-1].endswith(f"@{written}")
    assert Case.from_text(written.read_text()).to_text() == verdict.again


def test_a_name_that_a_shell_would_take_apart_is_quoted():
    assert "'a b:c'" in again("a b:c", failed("rough_tanh"))


# The pasted command.


def pasted(line: str, folder: Path) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(line, shell=True, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_the_line_works_when_pasted_and_says_the_same(tmp_path):
    name = "conformance.mutants:reset_ignored"
    _, (explained,) = diagnosed(load(name), [failed("reset_ignored")])
    assert explained.cause is not None
    first, *lines = in_columns(failure_lines(name, [explained], whole=True))
    done = pasted(again(name, explained), tmp_path)
    assert done.returncode == 1, done.stderr
    said = [line.strip() for line in done.stdout.splitlines()]
    assert f"step-after  FAIL   {first.strip()}" in said
    assert [line for line in lines if line.strip() not in said] == []


def test_the_line_of_a_file_works_when_pasted(tmp_path):
    verdict = failed("rough_tanh")
    path = tmp_path / "a case.txt"
    path.write_text(verdict.again or "")
    command = f"python -m conformance again conformance.mutants:rough_tanh step-after '@{path}'"
    assert pasted(command, tmp_path).returncode == 1
    assert pasted(command.replace("a case", "none"), tmp_path).returncode == 2


def test_an_error_has_a_line_too():
    class Refuses(Emulated):
        def run(self, case):
            raise ValueError(f"no case of {case.batch} rows")

    verdict = explained(Refuses())
    assert verdict.kind == ERROR and verdict.blame is None
    assert (verdict.margin, verdict.ulps, verdict.judged) == (None, None, 0)  # nothing was judged
    assert failure_text("x:y", verdict)[-1].startswith("again: gru-conformance again x:y step-after ")
    repeated = judge_case(Refuses(), BY_CLAUSE["step-after"], Case.from_text(verdict.again or ""))
    assert (repeated.reason, repeated.margin) == (verdict.reason, None)


@pytest.mark.parametrize(
    ("name", "where"),
    [("final_states_swapped", r"final_state 0\[\d, \d\]"), ("average_is_a_sum", r"time \d: outputs\[\d, \d\]")],
)
def test_a_wrong_merge_is_placed_as_all_else_is(name, where):
    finding = failed(name, "merge").finding
    assert finding is not None and re.fullmatch(where, finding.where)


def test_a_case_that_passes_is_asked_again_and_one_that_varies_is_said_to():
    class EveryFifth(Emulated):
        calls = 0

        def run(self, case):
            self.calls += 1
            given = super().run(case)
            return given._replace(outputs=given.outputs * 2) if self.calls % 5 == 0 else given

    case = Case.from_text(failed("rough_tanh").again or "")
    verdict = judge_again(EveryFifth(), BY_CLAUSE["step-after"], case)
    assert verdict.kind == FAIL and verdict.cause == Cause((), "the answer varies: 4 of 5 calls passed")
    honest = judge_again(Emulated(), BY_CLAUSE["step-after"], case, calls=3)
    assert (honest.kind, honest.cases, honest.cause) == (PASS, 3, None)
    once = judge_again(Emulated(), BY_CLAUSE["step-after"], case, seconds=0)
    assert once.cases < 3
