"""The probe of sigma and tanh: the claims of shipped subjects, and GRUs with known errors."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.adapters import REGISTERED, load
from conformance.diagnosis.probe.allowance import Blend
from conformance.diagnosis.probe.probe import FLUSHED, KEPT, NOT_SEEN, WIDTHS, Probed, probe
from conformance.diagnosis.probe.sweep import SIGMA, TANH, arguments, closer, exact, exact_at
from conformance.interface.adapter import Adapter, Capabilities, SubjectError, UsageError
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case, Outputs
from conformance.mutants import flushed_to_zero, rough_tanh, sigmoid_of_twice_the_argument, tf32_products
from conformance.mutants.emulated import Emulated

SINGLE = (FORMATS["float32"],)
ELSEWHERE = (
    "keras:",
    "tf_gru:cudnn",
    "tf_gru:keras-save",
    "tf_gru:saved-model",
    "tf_gru:tf1",
    "tf_gru:onnx",
    "tf_gru:litert",
    "flax:",
    "equinox",
    "torch:",
    "onnx:reference-lengths",
    "tf_keras:",
)
"""Subjects with another subject's kernels, subjects that test_paths.py probes, and subjects that need a GPU."""
SUBJECTS = [name for name in REGISTERED if not name.startswith(ELSEWHERE) and REGISTERED[name].installed]


def claiming(activation: str = "8 ULP", dtype: str = "float32", **options) -> dict[str, Arithmetic]:
    return {dtype: Arithmetic(dtype=dtype, activation=activation, source="made up", **options)}


def swept(gru, **options) -> Probed:
    """The first sweep alone, in float32."""
    return probe(gru, "float32", rounds=0, **options)


class Exactly(Emulated):
    """A GRU whose activations are rounded correctly from certified values, then moved towards 0 by some units in the
    last place.
    """

    def __init__(self, *, tanh: int = 0, sigma: int = 0, **claim) -> None:
        self.moved = {TANH: tanh, SIGMA: sigma}
        self.capabilities = replace(Emulated.capabilities, arithmetic=claiming(**claim))

    def tanh(self, a):
        return self._moved(TANH, a)

    def sigmoid(self, a):
        return self._moved(SIGMA, a)

    def _moved(self, activation, a):
        near = _nearest(activation, a)
        moved = np.maximum(np.abs(near).view(np.int32) - self.moved[activation], 0).view(np.float32)
        return np.copysign(moved, near)


def _nearest(activation: str, a: np.ndarray) -> np.ndarray:
    """The float32 nearest to the certified value; most arguments are the sweep's, whose values are known."""
    truth = exact(activation, SINGLE)
    where = np.searchsorted(truth.arguments, a).clip(max=len(truth.arguments) - 1)
    if not np.array_equal(truth.arguments[where], a):
        distinct, where = np.unique(a, return_inverse=True)
        truth = exact_at(activation, distinct.astype(np.float64))
    return np.ldexp(truth.lead, truth.scale).astype(np.float32)[where].reshape(a.shape)


class StateFirst(Exactly):
    """The blend is h + (1 - z) (n - h), which loses small z."""

    def blend(self, z, h, n):
        return h + (1 - z) * (n - h)


# The shipped subjects


@pytest.mark.parametrize("name", [name for name in SUBJECTS if name != "onnxruntime"])
def test_activations_are_as_accurate_as_claimed(name):
    gru = load(name)
    for dtype in gru.capabilities.arithmetic:
        probed = probe(gru, dtype, rounds=0)
        assert probed.met, probed
        assert set(probed.swept) == {TANH, SIGMA}
        assert probed.swept[TANH].inside
        assert probed.swept[SIGMA].inside


def test_onnxruntime_exceeds_1_and_has_a_sigma_more_than_two_u_off():
    """Therefore its claim is valid only with a floor of more than 2u."""
    gru = load("onnxruntime")
    probed = probe(gru, "float32", rounds=1)
    assert not probed.swept[TANH].inside
    assert probed.swept[TANH].greatest > 1
    assert probed.swept[SIGMA].absolute.error > 2
    assert probed.met == (gru.capabilities.arithmetic["float32"].accuracy.floor > 2)


@pytest.mark.parametrize(("mutant", "wrong"), [(rough_tanh, TANH), (sigmoid_of_twice_the_argument, SIGMA)])
def test_a_rough_activation_does_not_meet_the_claim(mutant, wrong):
    probed = swept(mutant())
    assert [name for name, found in probed.swept.items() if found.refutes] == [wrong]
    assert not probed.met
    assert probed.swept[wrong].meets is None


# Known errors


@pytest.mark.parametrize(
    ("ulps", "meets", "met"),
    [(0, "correctly rounded", True), (3, "4 ULP", True), (7, "8 ULP", True), (20, "2^-10", False)],
)
@pytest.mark.parametrize("activation", [TANH, SIGMA])
def test_a_known_error_is_reported_within_half_an_ulp(activation, ulps, meets, met):
    probed = swept(Exactly(**{activation: ulps}))
    found = probed.swept[activation]
    assert abs(found.ulps.error - ulps) <= Fraction(1, 2)
    assert (found.meets, probed.meets, probed.met) == (meets, meets, met)
    assert (found.refutes is None) == met
    other = probed.swept[SIGMA if activation == TANH else TANH]
    assert (other.meets, other.monotone) == ("correctly rounded", True)


def test_the_refuting_number_is_printed_with_its_exact_value():
    point = swept(Exactly(tanh=20)).swept[TANH].refutes
    assert point is not None
    value = exact_at(TANH, np.array([point.argument]))
    assert point.exact == np.ldexp(value.lead, value.scale)[0]
    ulp = np.ldexp(1.0, value.exponents[0] - 23)
    assert abs(abs(point.computed - point.exact) / ulp / 8 - point.error) <= Fraction(1, 2**20)
    assert point.units in (1, 64)


def test_further_rounds_look_where_the_errors_are_large():
    class Bump(Exactly):
        """A GRU whose tanh has a growing error towards one argument."""

        def _moved(self, activation, a):
            near = super()._moved(activation, a)
            off = np.where(activation == TANH, 8 / (1 + np.abs(512 * (a - 1.2345))), 0).astype(np.int32)
            return (near.view(np.int32) - off).view(np.float32)

    gru = Bump()
    errors = [probe(gru, "float32", rounds=rounds).swept[TANH].ulps for rounds in (0, 1)]
    assert errors[1].error > errors[0].error
    low, high = 1.2345 - 1 / 1024, 1.2345 + 1 / 1024
    assert low < errors[1].argument < high


def test_a_gru_that_is_wrong_at_one_width_only_is_seen():
    class WrongWhenWide(Exactly):
        def candidate(self, x_side, h, p):
            return super().candidate(x_side, h, p) * np.float32(1 if p.units == 1 else 2)

    refutes = swept(WrongWhenWide()).swept[TANH].refutes
    assert refutes is not None
    assert refutes.units == 64


# Results below the normal range, outside it, or out of order.


def test_flushing_is_reported_and_must_be_claimed():
    flushing = flushed_to_zero()
    found, honest = swept(flushing), swept(Emulated())
    assert [each.subnormals for each in found.swept.values()] == [FLUSHED, FLUSHED]
    assert [each.subnormals for each in honest.swept.values()] == [KEPT, KEPT]
    assert (found.met, honest.met) == (False, True)
    claimed = Adapter(flushing.run, replace(flushing.capabilities, arithmetic=claiming(flush=True)))
    assert swept(claimed).met


def test_a_sigma_from_tanh_has_a_floor_and_its_subnormals_are_not_seen():
    class FromTanh(Exactly):
        def sigmoid(self, a):
            half = a.dtype.type(0.5)
            return half + half * self.tanh(half * a)

    found = swept(FromTanh()).swept[SIGMA]
    assert found.refutes is not None
    assert found.meets == "8 ULP above u"
    assert found.subnormals == NOT_SEEN


def test_results_outside_or_out_of_order_are_reported():
    class Above(Exactly):
        def tanh(self, a):
            return super().tanh(a) * np.float32(1 + 2.0**-22)

    class Wavy(Exactly):
        def tanh(self, a):
            near = super().tanh(a)
            even = np.ascontiguousarray(a).view(np.int32) % 2 == 0
            return np.where(even, np.nextafter(near, np.float32(0)), near)

    assert not swept(Above()).swept[TANH].inside
    assert swept(Above()).swept[TANH].monotone
    assert not swept(Wavy()).swept[TANH].monotone


@pytest.mark.parametrize(("dtype", "wrong"), [("float32", np.nan), ("float32", np.inf), ("float64", 1e308)])
def test_a_function_that_is_no_activation_meets_no_claim(dtype, wrong):
    class Broken(Emulated):
        def tanh(self, a):
            return np.where(np.abs(a - 2) < 1, a.dtype.type(wrong), super().tanh(a))

        def sigmoid(self, a):
            return np.where(a == -0.5, a.dtype.type(-wrong), super().sigmoid(a))

    probed = probe(Broken(), dtype, rounds=0)
    for found in probed.swept.values():
        assert (found.meets, found.inside) == (None, False)
        assert found.refutes is not None
    json.dumps(probed.to_json(), allow_nan=False)


# The blend and the state


def test_a_blend_that_subtracts_from_1_is_no_reason_to_refute():
    """The term 1 - z hides small sigma, whatever sigma is. The met class depends on visible errors only."""
    probed = swept(StateFirst())
    assert probed.met
    assert probed.swept[TANH].meets == "correctly rounded"
    assert probed.swept[SIGMA].meets == "8 ULP above u"
    assert "subtracted" in probed.swept[SIGMA].blend
    assert not swept(StateFirst(sigma=20)).met


def test_other_blends_add_nothing():
    class CandidateFirst(Exactly):
        def blend(self, z, h, n):
            return n + z * (h - n)

    class ThreeTerms(Exactly):
        def blend(self, z, h, n):
            return n - z * n + z * h

    for blend in (Exactly, CandidateFirst, ThreeTerms):
        probed = swept(blend())
        assert probed.meets == "correctly rounded"
        assert {found.blend for found in probed.swept.values()} == {"adds nothing"}


def test_the_blends_error_follows_from_the_observed_gate():
    u = FORMATS["float32"].unit_roundoff
    x = np.array([-64.0, -1.0, 64.0])
    (claim,) = claiming("8 ULP above 2u").values()
    assert Blend.observed(claim, np.array([[float(u) / 4, 0.3, 1]]), x) == Blend(Fraction(0), False)
    assert Blend.observed(claim, np.array([[float(u), 0.25, 1]]), x) == Blend((1 + u) ** 3 - 1, True)
    assert Blend.observed(claim, np.array([[0, 0.3, 1 - float(u)]]), x) == Blend((1 + u) ** 3 - 1, False)
    assert Blend.observed(claim, np.array([[0, np.nan, np.nan]]), x).relative == 1
    assert Blend.observed(claim, None, x) == Blend((1 + 10 * u + Fraction(1, 2**64)) * (1 + u) ** 2 - 1, True)
    (upwards,) = claiming(rounding="any").values()
    assert Blend.observed(upwards, np.array([[0, 0.3, 1]]), x).relative == (1 + 2 * u) ** 2 - 1


def test_a_gate_that_is_never_empty_is_not_held_against_tanh():
    """tanh is 8 units off in a state that is a little less: the claim of 8 is neither refuted nor met."""

    class NeverEmpty(Exactly):
        def sigmoid(self, a):
            return np.maximum(super().sigmoid(a), np.float32(2.0**-24))

    found = swept(NeverEmpty(tanh=8, activation="8 ULP above u")).swept[TANH]
    assert found.meets == "8 ULP above 2u"
    assert found.refutes is None
    assert "may add" in found.blend
    assert swept(NeverEmpty(tanh=20, activation="8 ULP above u")).swept[TANH].refutes is not None


def _without_state(gru) -> Adapter:
    return Adapter(gru.run, replace(gru.capabilities, initial_state=False))


def test_a_gru_without_an_initial_state_makes_its_own():
    ours, theirs = swept(_without_state(Exactly(sigma=7))), swept(Exactly(sigma=7))
    assert ours.swept == theirs.swept


def _only_final(gru) -> Adapter:
    return Adapter(lambda case: Outputs(None, gru.run(case).final_state), replace(gru.capabilities, outputs=False))


@pytest.mark.parametrize("start", [lambda gru: gru, _without_state], ids=["given a state", "making its own"])
def test_a_gru_that_gives_its_last_state_alone_is_measured_as_any_other(start):
    gru = start(Exactly(sigma=7))
    assert swept(_only_final(gru)).swept == swept(gru).swept


class NeverZero(Exactly):
    def tanh(self, a):
        return super().tanh(a) + np.float32(2.0**-30)


def test_sigma_is_declined_where_it_cannot_be_seen_alone():
    class NeverOne(Exactly):
        def tanh(self, a):
            return np.clip(super().tanh(a), np.float32(-0.999), np.float32(0.999))

    assert "does not make the state 1" in swept(_without_state(NeverOne())).declined[SIGMA]
    assert SIGMA in swept(NeverOne()).swept
    probed = swept(NeverZero())
    assert "not 0 where its argument is 0" in probed.declined[SIGMA]
    assert set(probed.swept) == {TANH}


def test_a_gru_in_which_sigma_is_no_longer_seen_later_gives_no_answer():
    class NotZeroLater(Emulated):
        """A GRU that changes from the second sweep on."""

        asked = 0

        def run(self, case):
            self.asked += 1
            return super().run(case)

        def tanh(self, a):
            return super().tanh(a) + np.float32(2.0**-30) * (self.asked > len(WIDTHS))

    with pytest.raises(SubjectError, match=r"answered differently later: its candidate is .* and not 0"):
        probe(NotZeroLater(), "float32", rounds=1)


# Formats


def test_arguments_are_numbers_of_every_format_that_they_pass():
    """Therefore a GRU with TF32 products, or one that computes in bfloat16, is judged at the arguments that it
    really reads.
    """
    tf32 = tf32_products()
    assert not swept(tf32).met
    assert swept(Adapter(tf32.run, replace(tf32.capabilities, arithmetic=claiming(products="tf32")))).met

    class InBfloat16(Emulated):
        capabilities = replace(Emulated.capabilities, arithmetic=claiming("4 ULP", compute="bfloat16"))

        def tanh(self, a):
            return _bfloat16(super().tanh(a))

        def sigmoid(self, a):
            return _bfloat16(super().sigmoid(a))

        def blend(self, z, h, n):
            return _bfloat16(super().blend(z, h, n))

    probed = swept(InBfloat16())
    assert probed.met
    assert probed.swept[TANH].ulps.error < 1


def _bfloat16(a: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def test_an_output_may_be_rounded_once_more():
    class Shown(Exactly):
        def blend(self, z, h, n):
            return _bfloat16(super().blend(z, h, n))

    claim = {"activation": "correctly rounded", "output": "bfloat16"}
    probed = swept(Shown(**claim))
    assert probed.meets == "correctly rounded"
    assert not swept(Shown(activation="correctly rounded")).met


def test_a_format_that_is_not_declared_is_refused():
    with pytest.raises(UsageError, match="does not declare float64; it declares float32"):
        probe(load("onnxruntime"), "float64")


def _silent() -> Adapter:
    def raises(case: Case) -> Outputs:
        raise RuntimeError("no kernel today")

    return Adapter(raises, replace(Emulated.capabilities, gradients=False))


def test_no_answer_is_an_error_of_the_subject():
    with pytest.raises(SubjectError, match="no kernel today"):
        swept(_silent())


# The sweep


@pytest.mark.parametrize("name", FORMATS)
def test_arguments_are_of_both_signs_and_of_every_order_of_magnitude(name):
    format = FORMATS[name]
    x = arguments((format,))
    assert np.array_equal(x, -x[::-1])
    assert np.all(np.diff(x) > 0)
    for needed in (0.0, 64.0, float(format.spacing), float(format.smallest_normal), 1.0):
        assert needed in x
    orders = np.unique(np.frexp(x[x > 0])[1])
    assert np.array_equal(orders, np.arange(orders[0], orders[-1] + 1))
    mantissas = np.frexp(x)[0] * 2.0**format.precision
    assert np.all(mantissas % 1 == 0)
    if name in ("float16", "bfloat16"):
        half = x[(x > 0) & (x <= float(format.half_largest) / 2)]
        spacing = np.ldexp(1.0, np.maximum(np.frexp(half)[1] - 1, format.smallest) - format.precision + 1)
        assert np.array_equal(half[1:], half[:-1] + spacing[:-1])


@pytest.mark.parametrize("activation", [TANH, SIGMA])
def test_exact_values_are_those_of_extended_precision(activation):
    """Two independent evaluations agree to the last places of the narrower one."""
    found = exact(activation, SINGLE)
    x = found.arguments.astype(np.longdouble)
    with np.errstate(over="ignore"):
        wide = np.tanh(x) if activation == TANH else 1 / (1 + np.exp(-x))
    ours = np.ldexp(found.lead.astype(np.longdouble), found.scale)
    normal = found.exponents >= FORMATS["float64"].smallest
    apart = np.abs(ours - wide)[normal] / np.ldexp(np.longdouble(1), found.exponents[normal] - 52)
    assert apart.max() <= 1
    binade = np.frexp(np.abs(ours[normal]))[1] - 1
    below = np.abs(ours[normal]) == np.ldexp(
        np.longdouble(1), binade
    )  # rounded up to a power of two, which it stays below
    assert np.all((binade == found.exponents[normal]) | below)


def test_closer_arguments_are_where_the_errors_are():
    x = arguments(SINGLE)
    bad = (x > 3) & (x < 4)
    found = closer(x, np.where(bad, 0.5, 0.1), len(x), SINGLE)
    assert len(found) == len(x)
    assert np.all(np.diff(found) >= 0)
    assert np.array_equal(found, found.astype(np.float32))
    assert np.mean((found > 3) & (found < 4)) > 10 * np.mean(bad)


# The command


def command(*given: str):
    return CliRunner().invoke(main, ["probe", *given])


def test_a_claim_that_stands_ends_with_0(tmp_path):
    file = tmp_path / "probe.json"
    done = command("reference", "--dtype", "float32", "--rounds", "0", "--json", str(file))
    assert done.exit_code == 0, done.output
    assert "float32 tanh: claims 8 ULP, measured 1." in done.output
    assert "meets '4 ULP'" in done.output
    report = json.loads(file.read_text())
    (subject,) = report["subjects"]
    assert (subject["name"], subject["code"], set(subject["formats"])) == ("reference", 0, {"float32"})
    found = subject["formats"]["float32"]
    assert (found["met"], found["meets"], found["swept"][SIGMA]["subnormals"]) == (True, "4 ULP", KEPT)


def test_a_subjects_prints_vanish_and_earlier_ones_do_not(tmp_path):
    """Without a terminal, Python buffers output until it is flushed."""
    (tmp_path / "talking.py").write_text(
        "from conformance.mutants.emulated import Emulated\n"
        "class gru(Emulated):\n"
        "    def run(self, case):\n"
        "        print('spoken by the subject')\n"
        "        return super().run(case)\n"
    )
    code = "print('printed before'); from conformance.__main__ import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", code, "probe", "talking:gru", "--dtype", "float32", "--rounds", "0"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "printed before" in done.stdout and "float32 tanh" in done.stdout
    assert "spoken by the subject" not in done.stdout + done.stderr


def test_a_claim_that_does_not_ends_with_1_and_the_number():
    done = command("conformance.mutants:rough_tanh", "--dtype", "float32", "--rounds", "0")
    assert done.exit_code == 1
    assert "meets no class" in done.output
    assert "refuted at x = " in done.output
    assert "times what is allowed" in done.output


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ((), 2, "Missing argument"),
        (("nonsense",), 2, "did you mean 'nonsense:gru'?"),
        (("reference", "--dtype", "float8"), 2, "float8"),
        (("reference", "--rounds", "-1"), 2, "-1"),
        (("reference", "--json", "no/such/folder/probe.json"), 2, "there is no folder"),
        (("onnxruntime", "--dtype", "float64"), 2, "does not declare float64: the CPU kernel is float32 only"),
    ],
)
def test_bad_input_is_refused_with_advice(given, code, message):
    done = command(*given)
    assert done.exit_code == code
    assert message in done.output
    assert "Traceback" not in done.output


def test_a_subject_that_gives_no_answer_ends_with_1(monkeypatch):
    monkeypatch.setattr("conformance.mutants.broken", _silent(), raising=False)
    done = command("conformance.mutants:broken", "--dtype", "float32")
    assert done.exit_code == 1
    assert "error float32: run raised RuntimeError: no kernel today" in done.output


@pytest.mark.parametrize(
    ("gru", "code", "why"),
    [
        (NeverZero(), 1, f"float32 sigma: declined: its candidate is {2.0**-30} and not 0"),
        (Adapter(Emulated().run, Capabilities(arithmetic={})), 2, "every format: declined: declares no arithmetic"),
    ],
    ids=["no sigma", "no arithmetic"],
)
def test_a_missing_measurement_is_reported_with_its_reason(monkeypatch, gru, code, why):
    monkeypatch.setattr("conformance.mutants.told", gru, raising=False)
    done = command("conformance.mutants:told", "--rounds", "0")
    assert done.exit_code == code
    assert why in done.output
