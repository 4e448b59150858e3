"""The tutorial's GRU, section by section; the subjects `tutorial:graph` and `tutorial:eager` hold its numbers."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from conformance.adapter import Adapter
from conformance.adapters import load
from conformance.adapters.tutorial import Eager, _assigned
from conformance.case import Outputs
from conformance.checks import BY_CLAUSE
from conformance.judge import PROFILES, judge, verdicts, wired
from conformance.verdict import DECLINED, FAIL, PASS
from tf_gru.tutorial import GRU, BiGRU, GRUWithoutReset

GUIDE = (Path(__file__).parents[2] / "docs/tutorial.md").read_text()
BATCH, TIME, EMB_DIM, HIDDEN_DIM = 3, 5, 4, 2
LENGTHS = [5, 0, 3]
INPUTS = np.random.default_rng(1).standard_normal((BATCH, TIME, EMB_DIM)).astype("float32")


def made(kind=GRU, **options):
    """One whose weights do not depend on when it is made."""
    tf.random.set_seed(1)
    return kind(INPUTS, EMB_DIM, HIDDEN_DIM, **options)


def same(left, right):
    np.testing.assert_array_equal(left, right)


# "Formula of GRU": the whole suite.


@pytest.mark.parametrize("path", ["graph", "eager"])
def test_the_formula_is_the_specification(path):
    subject = load(f"tutorial:{path}")
    assert wired(subject) is None
    judged = list(verdicts(subject, PROFILES["ci"]))
    assert [(v.clause, v.dtype, v.reason) for v in judged if v.kind not in (PASS, DECLINED)] == []
    passed = {v.clause for v in judged if v.kind == PASS}
    assert passed >= {"step-before", "step-none", "reverse", "bidirectional", "gradients", "gradients-bidirectional"}


def test_an_update_gate_turned_round_is_seen(monkeypatch):
    """The formula with z and 1 - z exchanged, as half of the literature has it."""

    def unit(gru, x, h):
        z = tf.sigmoid(tf.matmul(x, gru.Wf) + tf.matmul(h, gru.Uf) + gru.bf)
        n = tf.tanh(tf.matmul(x, gru.Wc) + tf.matmul(h, gru.Uc) + gru.bc)
        return z * n + (1 - z) * h

    usual = GRUWithoutReset.create_recurrent_unit

    def create(gru):
        usual(gru)
        return lambda x, h: unit(gru, x, h)

    monkeypatch.setattr(GRUWithoutReset, "create_recurrent_unit", create)
    assert judge(Eager(), BY_CLAUSE["step-none"], "float32", PROFILES["dev"]).kind == FAIL


# 3.1: create_recurrent_unit().


def test_the_weights_have_the_tutorials_names_and_initial_values():
    gru = made()
    shapes = {"W": (EMB_DIM, HIDDEN_DIM), "U": (HIDDEN_DIM, HIDDEN_DIM), "b": (HIDDEN_DIM,)}
    for gate in "ifc":
        for kind, shape in shapes.items():
            assert isinstance(getattr(gru, kind + gate), tf.Variable)
            assert getattr(gru, kind + gate).shape == shape
        assert not np.any(getattr(gru, "b" + gate))
    assert gru.Wi.name == "gru_init/input_gate_wi:0"


def test_matrices_start_normal_with_a_standard_deviation_of_a_tenth():
    """The middle half of so many numbers holds its share of a normal distribution's within six standard deviations."""
    count = 100
    tf.random.set_seed(2)
    drawn = np.abs(GRU(np.zeros((1, 1, count), "float32"), count, count).Wi.numpy()).ravel()
    quartile = 0.6744897501960817 / 10  # of a normal distribution with this deviation: half of all are nearer to 0
    nearer = np.count_nonzero(drawn < quartile)
    assert abs(nearer - drawn.size / 2) < 6 * np.sqrt(drawn.size / 4)


# 3.2 and 3.3: output() and inputs.


def test_inputs_and_outputs_are_batch_time_width():
    gru = made()
    assert gru.output() is gru.outputs
    assert gru.output().shape == (BATCH, TIME, HIDDEN_DIM)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((INPUTS[0], EMB_DIM, HIDDEN_DIM), r"inputs has shape \(5, 4\), but must be \(batch, time, input_dim\)"),
        ((INPUTS, EMB_DIM + 1, HIDDEN_DIM), r"inputs has shape \(3, 5, 4\), but must be \(\?, \?, 5\): emb_dim"),
        ((INPUTS, EMB_DIM, 0), "hidden_dim is 0, but must be a positive integer"),
        ((INPUTS, EMB_DIM, 2.0), "hidden_dim is 2.0, but must be a positive integer"),
        ((INPUTS[:, :0], EMB_DIM, HIDDEN_DIM), "inputs has no steps, but must have 1 or more"),
        ((INPUTS, EMB_DIM, HIDDEN_DIM, [6, 0, 3], True), "lengths must be from 0 to time: lengths is .6, 0, 3., time"),
        ((INPUTS, EMB_DIM, HIDDEN_DIM, [5, 0], True), r"lengths has shape \(2,\), but must be \(3,\)"),
        ((INPUTS, EMB_DIM, HIDDEN_DIM, None, 1), "revers is 1, but must be one of True, False"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GRU(*arguments)


def test_lengths_are_checked_when_the_graph_runs():
    v1 = tf.compat.v1
    with tf.Graph().as_default():
        lengths = v1.placeholder("int64", (None,))
        outputs = GRU(INPUTS, EMB_DIM, HIDDEN_DIM, lengths, revers=True).output()
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            assert session.run(outputs, {lengths: LENGTHS}).shape == (BATCH, TIME, HIDDEN_DIM)
            with pytest.raises(tf.errors.InvalidArgumentError, match="lengths must be from 0 to time"):
                session.run(outputs, {lengths: [6, 0, 3]})


# The reversal.


@pytest.mark.parametrize("align", [False, True])
def test_without_lengths_all_of_time_is_turned(align):
    turned = made(revers=True, align=align).output()
    forward = made().recurrence(INPUTS[:, ::-1])
    same(turned, forward[:, ::-1] if align else forward)


@pytest.mark.parametrize("align", [False, True])
def test_with_lengths_each_row_is_turned_within_its_length(align):
    turned = made(revers=True, align=align, sequence_length=LENGTHS).output().numpy()
    inputs = INPUTS.copy()
    for row, length in zip(inputs, LENGTHS, strict=True):
        row[:length] = row[:length][::-1]
    expected = made().recurrence(inputs).numpy()
    if align:
        for row, length in zip(expected, LENGTHS, strict=True):
            row[:length] = row[:length][::-1]
    same(turned, expected)


def test_a_forward_run_does_not_read_lengths():
    """A trap of the tutorial, kept: the state runs on through the padding."""
    same(made(sequence_length=LENGTHS).output(), made().output())


# 3.4: remove the reset gate.


def test_the_reset_gate_is_removed_by_an_override():
    gru = made(GRUWithoutReset)
    assert not {"Wi", "Ui", "bi"} & set(vars(gru))
    assert gru.output().shape == (BATCH, TIME, HIDDEN_DIM)


def test_the_output_unit_can_be_overridden_too():
    class Sums(GRU):
        def create_output_unit(self):
            return lambda state: tf.reduce_sum(state, axis=-1, keepdims=True)

    same(made(Sums).output(), tf.reduce_sum(made().output(), axis=-1, keepdims=True))


# 3.5: a BiGRU.


@pytest.mark.parametrize("unit", [GRU, GRUWithoutReset])
def test_a_bigru_is_two_of_them_side_by_side(unit):
    both = made(BiGRU, sequence_length=LENGTHS, unit=unit)
    assert both.output().shape == (BATCH, TIME, 2 * HIDDEN_DIM)
    same(both.output()[..., :HIDDEN_DIM], both.forward.output())
    same(both.output()[..., HIDDEN_DIM:], both.backward.output())
    assert (both.forward.revers, both.backward.revers, both.backward.align) == (False, True, True)
    same(both.recurrence(INPUTS, LENGTHS), both.output())


# Its usage example, and tf.function.


def test_the_usage_example():
    output = GRU(inputs=INPUTS, emb_dim=EMB_DIM, hidden_dim=HIDDEN_DIM).output()
    assert tf.reduce_mean(output, 1).shape == (BATCH, HIDDEN_DIM)


def test_made_outside_it_is_called_in_a_tf_function():
    """Judged there, one trace for every batch and time."""

    def run(case):
        (gru,) = _assigned(case)
        spec = tf.TensorSpec((None, None, gru.emb_dim), case.dtype)
        outputs = tf.function(gru.recurrence, input_signature=[spec])(case.inputs)
        return Outputs(outputs.numpy(), outputs[:, -1].numpy())

    within = Adapter(run, load("tutorial:graph").capabilities)
    assert judge(within, BY_CLAUSE["step-before"], "float32", PROFILES["dev"]).kind == PASS


def test_making_one_in_a_tf_function_is_refused():
    with pytest.raises(ValueError, match=r"make it outside the tf\.function, and call its recurrence inside"):
        tf.function(lambda: GRU(INPUTS, EMB_DIM, HIDDEN_DIM).output())()


def test_the_guide_runs():
    told = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(block, "docs/tutorial.md", "exec"), told)
    assert {"custom_gru", "backward", "both", "embedded", "layer", "one"} <= set(told)


def test_the_tests_that_the_guide_names_are_here():
    named = set(re.findall(r"`(test_\w+)`", GUIDE))
    assert len(named) == 9
    assert named <= set(globals())


@pytest.mark.parametrize("h0", [np.ones((1, HIDDEN_DIM), "float32"), np.ones(HIDDEN_DIM, "float32")])
def test_an_initial_state_is_one_row_for_each_row(h0):
    with pytest.raises(ValueError, match=r"h0 has shape .*, but must be \(3, 2\)"):
        made().recurrence(INPUTS, h0=h0)


def test_a_call_in_a_tf_function_leaves_the_object_as_it_was():
    gru = made()
    before = gru.h0
    tf.function(gru.recurrence)(INPUTS)
    assert gru.h0 is before


def test_no_steps_are_refused_when_the_graph_runs():
    spec = tf.TensorSpec((None, None, EMB_DIM), "float32")
    with pytest.raises(tf.errors.InvalidArgumentError, match="inputs must have 1 step or more"):
        tf.function(made().recurrence, input_signature=[spec])(INPUTS[:, :0])


def test_lengths_of_a_forward_run_are_checked_too():
    with pytest.raises(ValueError, match="lengths must be from 0 to time"):
        made(sequence_length=[99, -1, 0])
