"""A program that starts like TensorFlow 1's, in a separate process, because a process cannot undo this."""

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.checks.verdict import DECLINED, PASS
from conformance.suite import judge_apart

SHORT = ("step-before", "lengths")
LONG = (*SHORT, "reverse", "time-zero", "gradients")


@pytest.mark.parametrize(
    ("subject", "clauses", "declined"),
    [
        ("function", SHORT, set()),
        pytest.param("function", LONG, set(), marks=pytest.mark.long),
        pytest.param("tutorial", LONG, {"lengths", "time-zero"}, marks=pytest.mark.long),
    ],
)
def test_after_disable_v2_behavior_everything_is_right(monkeypatch, subject, clauses, declined):
    """The tutorial's GRU has no lengths and needs a step."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    (judged,) = judge_apart((f"tensorflow_1:{subject}",), "dev", clauses, jobs=1, time_limit=300)
    assert judged.broken is None
    kinds = {verdict.clause: verdict.kind for verdict in judged.verdicts}
    assert kinds == {clause: DECLINED if clause in declined else PASS for clause in clauses}


PROGRAM = """
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
from tf_gru.tutorial import BiGRU

inputs, lengths = tf.placeholder(tf.float32, (3, None, 4)), tf.placeholder(tf.int32, (None,))
output = BiGRU(inputs, inputs.shape[2], 5, lengths).output()  # a size is no integer here, but a tf.Dimension
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    print(session.run(output, {inputs: [[[1.0] * 4] * 2] * 3, lengths: [2, 0, 1]}).shape)
    try:
        session.run(output, {inputs: [[[1.0] * 4] * 2] * 3, lengths: [3, 0, 1]})
    except tf.errors.InvalidArgumentError as error:
        print("sequence_length must be from 0 to time" in str(error))
for refused in ((inputs, 4, 5, tf.constant([1, 2])), (inputs, 3, 5)):
    try:
        BiGRU(*refused)
    except ValueError as error:
        print(error)
"""


def test_its_sizes_are_taken_and_refused_in_words():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "(3, 2, 10)",
        "True",
        "sequence_length has shape (2,), but must be (3,): one for each row of inputs",
        "inputs has shape (3, ?, 4), but must be (?, ?, 3): emb_dim is its last size",
    ], done.stderr
