"""cuDNN's kernel on a GPU: every clause, and that cuDNN gave the answers. `tox run -e gpu` runs these tests."""

import pytest
import tensorflow as tf

from conformance.adapters import load
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, judge
from conformance.checks.verdict import DECLINED, PASS
from tf_gru import gru
from tf_gru.kernels import cudnn, facts

pytestmark = pytest.mark.gpu

ELSEWHERE = {"step-before", "step-none"}
"""Clauses of variants that cuDNN does not have."""

UNFIT = {
    "time-zero",
    "batch-zero",
    "length-zero",
    "masks",
    "final-state",
    "gradients-masked",
    "gradients-bidirectional",
}
"""Clauses whose cases may all have a hole, padding on the left, a row without a step, or no row."""


@pytest.fixture
def devices(monkeypatch):
    """The device of each of the op's answers, eagerly."""
    found = []

    def noted(*arguments):
        answer = op(*arguments)
        found.extend(part.device for part in answer)
        return answer

    op = cudnn.op
    monkeypatch.setattr(cudnn, "op", noted)
    return found


def test_tensorflow_sees_a_gpu():
    assert facts.gpu_is_visible()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.clause)
def test_every_clause_holds(check, dtype, devices):
    """The op computes all cases whose rows it supports, on the GPU."""
    verdict = judge(load("tf_gru:cudnn"), check, dtype, PROFILES["ci"])

    assert verdict.kind == (DECLINED if check.clause in ELSEWHERE else PASS), verdict.reason
    assert devices or check.clause in ELSEWHERE | UNFIT
    assert all(tf.DeviceSpec.from_string(device).device_type == "GPU" for device in devices)


def test_one_graph_takes_both_branches():
    """A mask with a hole needs another kernel, and the same graph runs it; both keep the outputs past the end."""
    inputs, kernel, recurrent_kernel = (tf.ones(shape) for shape in ((2, 3, 2), (2, 12), (4, 12)))
    call = tf.function(
        lambda mask: gru(inputs, kernel, recurrent_kernel, mask=mask, use_cudnn=True),
        input_signature=[tf.TensorSpec((2, 3), tf.bool)],
    )

    for mask in ([[1, 1, 0], [1, 0, 0]], [[1, 0, 1], [0, 0, 0]]):
        outputs, final_state = call(tf.constant(mask) > 0)
        tf.debugging.assert_equal(outputs[:, -1], final_state)
        assert tf.reduce_any(final_state != 0)
