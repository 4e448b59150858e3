"""Replay: honest subjects pass every vector, a bug fails each vector with its flag, and reports name the bug."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.adapters.reference import Reference
from conformance.checks import runs as whole_runs
from conformance.checks.verdict import DECLINED, DTYPES, ERROR, FAIL, PASS
from conformance.diagnosis.catalogue import MISTAKES
from conformance.interface.case import each
from conformance.mutants import masked_output_is_zero_before_the_first_step, recurrent_bias_has_no_gradient
from conformance.mutants.emulated import Emulated
from conformance.specification import CLAUSES
from conformance.vectors.notes import FLAGS
from conformance.vectors.replay import judge_vector, lacking, questions
from conformance.vectors.suspects import suspects
from conformance.vectors.vector import Stored, Vector
from tests.conformance.flagged import WITHOUT_A_MUTANT, WRONG
from tests.conformance.golden import STORED

HERE = Path(__file__).parent
VECTORS = {name: stored.vector for name, stored in STORED.items()}


@pytest.fixture(autouse=True)
def bounds_of_gradients_are_computed_once(monkeypatch):
    """They depend on the case only and take most of the time."""
    monkeypatch.setattr(
        whole_runs, "gradient_bounds", lambda case, *given: _bounds(Once(case.to_text(), (case, *given)))
    )


class Once:
    """A call's arguments, equal if their key is."""

    def __init__(self, key, arguments):
        self.key, self.arguments = key, arguments

    def __hash__(self):
        return hash(self.key)

    def __eq__(self, other):
        return self.key == other.key


_bounds = cache(lambda once, compute=whole_runs.gradient_bounds: compute(*once.arguments))


def fails(subject, name: str) -> bool:
    """True if the GRU fails in some format; float32 first, because most differences are larger there."""
    kinds = (judge_vector(subject, STORED[name], dtype).kind for dtype in VECTORS[name].dtypes)
    return any(kind in (FAIL, ERROR) for kind in kinds)


# Honest subjects.


class ZeroBeforeFirst(masked_output_is_zero_before_the_first_step):
    """An honest GRU, because it declares its policy, which the specification does not offer."""

    capabilities = replace(Emulated.capabilities, masked_outputs=("zero-before-first",))


def subject_for(vector: Vector) -> Emulated:
    return ZeroBeforeFirst() if vector.case.masked_outputs == "zero-before-first" else Emulated()


@pytest.mark.parametrize(("index", "name"), list(enumerate(STORED)))
def test_an_honest_gru_passes_and_every_number_is_judged(index, name):
    """The formats in turn; gradients in the format in which wrong GRUs are judged below."""
    stored = STORED[name]
    formats = stored.vector.dtypes[:1] if stored.vector.cotangents else stored.vector.dtypes
    dtype = formats[index % len(formats)]
    verdict = judge_vector(Reference() if dtype == "bfloat16" else subject_for(stored.vector), stored, dtype)
    assert (verdict.kind, verdict.reason) == (PASS, "")
    sizes: list[int] = []
    each(lambda array: sizes.append(array.size), stored.truth.gradients or stored.truth[:2])
    assert verdict.judged >= sum(sizes)


def test_the_denominator_is_the_same_for_all():
    asked = list(questions(VECTORS.values()))
    assert len(asked) == sum(len(vector.dtypes) for vector in VECTORS.values())
    assert {question.dtype for question in asked} == set(DTYPES)
    assert {question.clause for question in asked} == set(CLAUSES)


# Wrong ones.


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_tells_the_truth(flag):
    """A GRU with the bug fails every vector with its flag. A mutant's verdicts are on record, except the first."""
    shown = [name for name, vector in VECTORS.items() if flag in vector.flags]
    assert shown
    for name in shown if flag in WITHOUT_A_MUTANT else shown[:1]:
        assert fails(WRONG[flag], name), name


class GradientOfTheStateNegated(Emulated):
    """A GRU in which all other gradients are right."""

    def gradients(self, case, cotangents):
        right = super().gradients(case, cotangents)
        return right._replace(initial_state=-right.initial_state)


@pytest.mark.parametrize("vector", ["gradients-after", "gradients-masked-holes"])
@pytest.mark.parametrize(
    "wrong", [GradientOfTheStateNegated(), recurrent_bias_has_no_gradient()], ids=lambda gru: gru.name
)
def test_a_gradient_of_the_wrong_sign_and_a_bias_row_left_out_are_seen(wrong, vector):
    assert fails(wrong, vector)


def test_a_nan_is_a_failure_and_an_exception_an_error():
    class Nothing(Emulated):
        def run(self, case):
            return each(lambda array: np.full_like(array, np.nan), super().run(case))

    class Raises(Emulated):
        def run(self, case):
            raise RuntimeError("no kernel")

    stored = STORED["step-after-few-bits"]
    assert judge_vector(Nothing(), stored, "float32").kind == FAIL
    verdict = judge_vector(Raises(), stored, "float32")
    assert (verdict.kind, verdict.reason) == (ERROR, "run raised RuntimeError: no kernel")


SAMPLE = (
    "step-after-few-bits",
    "lengths-unsorted",
    "masks-left",
    "reverse-after",
    "merge-concat",
    "step-after-one-step",
)


@pytest.mark.parametrize(
    "flag",
    ["MergeAverage", "TimeZero", "LengthZero", "PaddingMultiplied", "SquareKernel", "Subnormals", "MaskAsLength"],
)
def test_the_report_names_the_bug_first(flag):
    """Among the vectors that show it and a few others."""
    chosen = [name for name, vector in VECTORS.items() if flag in vector.flags or name in SAMPLE]
    judged = [judge_vector(WRONG[flag], STORED[name], dtype) for name in chosen for dtype in VECTORS[name].dtypes]
    assert suspects(judged, VECTORS)[0].flag == flag


def test_an_honest_gru_has_no_suspect():
    assert suspects([judge_vector(Emulated(), STORED["masks-holes"], "float32")], VECTORS) == []


def test_a_failure_that_no_bug_explains_wholly_is_explained_in_part():
    verdict = judge_vector(WRONG["MaskAsLength"], STORED["masks-holes"], "float32")
    other = judge_vector(Emulated(), STORED["masks-left"], "float32")
    found = {suspect.flag: suspect[1:] for suspect in suspects([verdict, other], VECTORS)}
    assert found["LengthOffByOne"] == (1, 1)
    assert "MaskAsLength" not in found  # one explanation covers all
    bare = replace(VECTORS["masks-holes"], flags=("MaskAsLength",))
    found = {suspect.flag: suspect[1:] for suspect in suspects([verdict, other], {**VECTORS, "masks-holes": bare})}
    assert found == {"MaskAsLength": (1, 2)}


# Undeclared capabilities.


@pytest.mark.parametrize(
    ("name", "change", "lacks"),
    [
        ("step-before-few-bits", {"resets": ("after",)}, "reset before"),
        ("step-after-few-bits", {"initial_state": False}, "initial_state"),
        ("lengths-unsorted", {"lengths": False}, "lengths"),
        ("masks-holes", {"masks": False}, "masks"),
        ("length-zero-mixed", {"zero_length": False}, "zero_length"),
        ("masked-outputs-carry-left", {"masked_outputs": ("zero",)}, "masked_outputs carry"),
        ("bidirectional-masked-carry", {"bidirectional_masked_outputs": ("zero",)}, "masked_outputs carry"),
        ("reverse-after", {"reverse": False}, "reverse"),
        ("merge-sum", {"merges": ("concat",)}, "merge sum"),
        ("time-zero-start", {"zero_time": False}, "zero_time"),
        ("batch-zero-both", {"zero_batch": False}, "zero_batch"),
        ("gradients-after", {"gradients": False}, "gradients"),
        ("padding-appended-after", {"masks": False, "lengths": False}, "lengths"),
    ],
)
def test_an_undeclared_clause_is_declined_with_its_reason(name, change, lacks):
    class Less(Emulated):
        capabilities = replace(Emulated.capabilities, because={lacks: "it is not there"}, **change)

    verdict = judge_vector(Less(), STORED[name], "float32")
    assert (verdict.kind, verdict.reason) == (DECLINED, f"does not declare {lacks}: it is not there")
    assert next(lacking(Emulated.capabilities, VECTORS[name]), None) is None


def test_a_format_that_is_not_claimed_is_declined():
    class Single(Emulated):
        capabilities = replace(Emulated.capabilities, arithmetic={})

    verdict = judge_vector(Single(), STORED["masks-holes"], "float64")
    assert (verdict.kind, verdict.reason) == (DECLINED, "does not declare float64")


def test_a_policy_does_not_matter_where_nothing_is_masked():
    less = replace(Emulated.capabilities, masked_outputs=("zero",))
    assert next(lacking(less, VECTORS["lengths-all-full"]), None) is None


def test_the_truth_in_a_file_is_used():
    """A file with a wrong truth shows as a large distance; the verdict follows from the bounds."""
    stored = STORED["masks-holes"]
    right = judge_vector(Emulated(), stored, "float64")
    moved = Stored(stored.vector, stored.truth._replace(outputs=stored.truth.outputs + 1))
    wrong = judge_vector(Emulated(), moved, "float64")
    assert right.kind == wrong.kind == PASS
    assert right.ulps is not None and wrong.ulps is not None
    assert right.ulps < 2**10 < wrong.ulps


# The command.


@pytest.fixture
def run(monkeypatch):
    """Run the command with these arguments; the subject still runs in a separate process."""
    monkeypatch.syspath_prepend(HERE)
    return lambda *arguments: CliRunner().invoke(main, ["vectors", "replay", *arguments])


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--vector", name)]


def test_the_command_passes_the_reference_and_writes_json(run, tmp_path):
    file = tmp_path / "report.json"
    done = run("reference", "--json", str(file), *only("masks-holes", "gradients-after", "time-zero-both"))
    assert done.exit_code == 0
    assert "6 pass; of 6" in done.output
    report = json.loads(file.read_text())
    assert {verdict["vector"] for verdict in report["subject"]["verdicts"]} == {
        "masks-holes", "gradients-after", "time-zero-both"
    }  # fmt: skip
    assert report["ids"]["masks-holes"] == VECTORS["masks-holes"].id
    assert report["suspects"] == []


def test_the_command_fails_a_wrong_gru_and_says_why(run, tmp_path):
    file = tmp_path / "report.json"
    arguments = only("reverse-masked-lengths", "reverse-masked-holes", "reverse-after")
    done = run("conformance.mutants:reverse_starts_in_the_padding", "--json", str(file), *arguments)
    assert done.exit_code == 1
    assert "FAIL reverse-masked-holes float32: row 1, step 4, unit 0 is not within the one-step bound" in done.output
    assert "ReversePadding (2 of 2): reverse starts in the padding." in done.output
    assert MISTAKES["reverse_starts_in_the_padding"].link in done.output
    assert "ReversePadding" in {suspect["flag"] for suspect in json.loads(file.read_text())["suspects"]}


def test_a_subject_that_dies_or_hangs_loses_that_vector_only(run):
    done = run("miniatures:dies_with_masks", *only("lengths-carry", "step-after-few-bits"))
    assert done.exit_code == 1
    assert "ERROR lengths-carry float32: the process ended with exit code 7" in done.output
    assert "1 pass, 1 error, 2 declined; of 4" in done.output
    done = run("miniatures:hangs", "--time-limit", "1", *only("step-after-few-bits"))
    assert "there was no answer for 1 s, so it was stopped" in done.output
    assert done.exit_code == 1


def test_an_adapter_for_which_no_closed_form_holds_has_no_score(run):
    done = run("miniatures:zeros", *only("closed-forms-kept-after", "step-after-few-bits"))
    assert done.exit_code == 2
    assert "no closed form holds" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nonsense",), "neither a registered name nor module:attribute; did you mean 'nonsense:gru'?"),
        (("reference", "--vector", "nothing"), "there is no vector 'nothing'"),
        (("reference", "--json", "no/such/folder/report.json"), "there is no folder"),
        (("miniatures:claims_nothing", "--vector", "masks-holes"), "0 pass, 2 declined; of 2"),
    ],
)
def test_usage_errors_and_nothing_but_declined_end_with_2(run, arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output
