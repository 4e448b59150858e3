"""A program that begins as those of TensorFlow 1 do: in a process of its own, for which the change cannot be undone."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CLAUSES = ("step-before", "reverse", "lengths", "time-zero", "gradients")


def test_after_disable_v2_behavior_everything_is_right(tmp_path):
    report = tmp_path / "report.json"
    subjects = ("tensorflow_1:function", "tensorflow_1:tutorial")
    asked = [word for clause in CLAUSES for word in ("--clause", clause)]
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "conformance", "run", *subjects, *asked, "--json", str(report)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = {
        (subject["name"].partition(":")[2], verdict["clause"]): verdict["kind"]
        for subject in json.loads(report.read_text())["subjects"]
        for verdict in subject["verdicts"]
    }
    declined = {("tutorial", "lengths"), ("tutorial", "time-zero")}  # the tutorial's GRU has neither
    assert kinds == {
        (subject, clause): "declined" if (subject, clause) in declined else "pass"
        for subject in ("function", "tutorial")
        for clause in CLAUSES
    }


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
