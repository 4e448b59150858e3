"""Roundings that are hard to decide: more bits where a tie needs them, and certificates number by number."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.interface.case import Case, Outputs
from conformance.interface.numbers import written
from conformance.truth import balls
from conformance.truth.balls import NotCertified
from conformance.truth.certified import truth
from conformance.truth.forward import certify
from reference import Parameters


def saturated(seed: int, at_least: float) -> tuple[Case, Outputs]:
    """A run whose update gates are near 1, so that a sum of two float64 cotangents reaches the start nearly exactly."""
    rng = np.random.default_rng(seed)
    kernel, recurrent, bias = (rng.standard_normal(shape) for shape in ((3, 2, 3), (3, 3, 3), (2, 3, 3)))
    bias[0, 0] = at_least + rng.uniform(0, 100, 3)
    case = Case(
        inputs=rng.standard_normal((2, 4, 2)),
        parameters=(Parameters(kernel, recurrent / 2, bias, "after"),),
        initial_state=(rng.standard_normal((2, 3)),),
    )
    return case, Outputs(rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 3)))


def test_a_gradient_near_a_tie_gets_more_bits(monkeypatch):
    runs = [saturated(seed, 3000.0) for seed in range(20)]
    found = [truth(*each) for each in runs]
    assert {each.bits for each in found} >= {64, 8192}
    monkeypatch.setattr(balls, "LAST_BITS", 4096)
    with pytest.raises(NotCertified, match="more than 4096 bits"):
        truth(*runs[0])


def test_a_tie_that_no_precision_decides_leaves_all_other_numbers_certified(monkeypatch):
    monkeypatch.setattr(balls, "LAST_BITS", 1024)
    case, cotangents = saturated(0, 3000.0)
    with pytest.raises(NotCertified):
        truth(case, cotangents)
    found, all_of_it = truth(case, cotangents, every=False), truth_of_more_bits(monkeypatch, case, cotangents)
    assert np.array_equal(found.outputs, all_of_it.outputs)
    missing = [np.isnan(part) for part in found.gradients]
    assert 0 < sum(part.sum() for part in missing) < 6
    for part, full, gone in zip(found.gradients, all_of_it.gradients, missing, strict=True):
        assert np.array_equal(part[~gone], full[~gone])


def truth_of_more_bits(monkeypatch, case, cotangents):
    monkeypatch.setattr(balls, "LAST_BITS", 1 << 16)
    return truth(case, cotangents)


def test_the_command_prints_what_is_certified_and_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(balls, "LAST_BITS", 1024)
    case, cotangents = saturated(0, 3000.0)
    file = tmp_path / "case.json"
    file.write_text(json.dumps({**case.to_json(), "cotangents": written(cotangents)}))
    done = CliRunner().invoke(main, ["oracle", str(file)])
    assert done.exit_code == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith(("outputs", "final_state", "gradients"))]
    open_ones = [line for line in lines if line.endswith("not certified")]
    assert 0 < len(open_ones) < len(lines)
    assert f"not certified: {len(open_ones)} numbers need more than 1024 bits" in done.stderr


def test_a_number_above_the_largest_float64_is_left_out_and_the_rest_is_certified():
    largest = np.finfo(np.float64).max
    found = balls.settle(lambda: balls.balls(np.array([largest, 1.0])) * 2, every=False)
    assert np.isnan(found.values[0]) and found.values[1] == 2.0
    with pytest.raises(NotCertified, match="above the largest"):
        balls.settle(lambda: balls.balls(np.array([largest, 1.0])) * 2)


def test_a_distance_that_only_informs_takes_no_more_than_quick_bits(monkeypatch):
    monkeypatch.setattr(balls, "QUICK_BITS", 32)
    with pytest.raises(NotCertified, match="more than 32 bits"):
        certify(saturated(0, 1.0)[0])
