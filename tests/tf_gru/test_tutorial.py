"""The tutorial's GRU, section by section; the subjects `tutorial:graph` and `tutorial:eager` test its numbers."""

import contextlib
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from conformance.adapters import REGISTERED, load
from conformance.adapters.tutorial import Eager, _assigned
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge, verdicts, wired
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_run
from conformance.checks.verdict import DECLINED, FAIL, PASS
from conformance.interface.adapter import Adapter
from conformance.interface.case import Case, Outputs
from reference.layouts import from_keras
from studies.pages import tutorial
from tests.conformance.profiles import OWN
from tests.documents import ROOT, blocks
from tf_gru.tutorial import GRU, BiGRU, GRUWithoutReset

PAGE = "docs/tutorial.md"
GUIDE = (ROOT / PAGE).read_text()
BATCH, TIME, EMB_DIM, HIDDEN_DIM = 3, 5, 4, 2
LENGTHS = [5, 0, 3]
INPUTS = np.random.default_rng(1).standard_normal((BATCH, TIME, EMB_DIM)).astype("float32")


def made(kind=GRU, **options):
    """A GRU whose weights do not depend on the order of the tests."""
    tf.random.set_seed(1)
    return kind(INPUTS, EMB_DIM, HIDDEN_DIM, **options)


def same(left, right):
    np.testing.assert_array_equal(left, right)


def parameters(gru):
    """Its weights in the reference's form."""
    gates = [[getattr(gru, kind + letter) for letter in "fic"] for kind in "WUb"]
    return from_keras([np.concatenate(each, axis=-1) for each in gates], "before")


def judged(inputs, outputs, *grus, lengths=None) -> Judgement:
    """Judge each row up to its length by the bound of single steps: one GRU forward, or two side by side."""
    total, claim = Judgement(), load("tutorial:graph").capabilities.arithmetic["float32"]
    lengths = lengths or [len(row) for row in inputs]
    for row, given, length in zip(inputs, np.asarray(outputs), lengths, strict=True):
        if length == 0:
            continue
        case = Case(
            inputs=row[None, :length],
            parameters=tuple(map(parameters, grus)),
            merge=None if len(grus) == 1 else "concat",
        )
        answer = given[None, :length]
        finals = [answer[:, -1]]
        if len(grus) == 2:
            forward, backward = np.split(answer, 2, axis=-1)
            finals = [(forward[:, -1], backward[:, 0])]
        total = total.add(judge_run(case, Outputs(answer, *finals), claim))
    assert total.judged
    return total


# "Formula of GRU": the suite.

HELD = {clause for section in tutorial.SECTIONS if section.subjects == tutorial.SUBJECTS for clause in section.clauses}


@pytest.mark.parametrize(
    ("path", "clauses"), [("eager", sorted(HELD)), ("graph", ["bidirectional", "gradients", "step-before"])]
)
def test_the_formula_is_the_specification(path, clauses):
    subject = load(f"tutorial:{path}")
    judged = [judge(subject, BY_CLAUSE[clause], "float32", OWN) for clause in clauses]
    assert [(v.clause, v.kind, v.reason) for v in judged if v.kind != PASS] == []


@pytest.mark.long
@pytest.mark.parametrize("path", ["graph", "eager"])
def test_every_clause_that_the_formula_declares_is_held(path):
    subject = load(f"tutorial:{path}")
    assert wired(subject) is None
    judged = list(verdicts(subject, PROFILES["ci"]))
    assert [(v.clause, v.dtype, v.reason) for v in judged if v.kind not in (PASS, DECLINED)] == []
    assert {v.clause for v in judged if v.kind == PASS} >= HELD


def test_an_update_gate_turned_round_is_seen(monkeypatch):
    """The formula with z and 1 - z exchanged, as in half of the literature."""

    def unit(gru, x, h):
        z = tf.sigmoid(tf.matmul(x, gru.Wf) + tf.matmul(h, gru.Uf) + gru.bf)
        n = tf.tanh(tf.matmul(x, gru.Wc) + tf.matmul(h, gru.Uc) + gru.bc)
        return z * n + (1 - z) * h

    usual = GRUWithoutReset.create_recurrent_unit

    def create(gru):
        usual(gru)
        return lambda x, h: unit(gru, x, h)

    monkeypatch.setattr(GRUWithoutReset, "create_recurrent_unit", create)
    assert judge(Eager(), BY_CLAUSE["step-none"], "float32", PROFILES["dev"], shrink=False).kind == FAIL


# 3.1: create_recurrent_unit().


def test_the_weights_have_the_tutorials_names_and_initial_values():
    gru = made()
    shapes = {"W": (EMB_DIM, HIDDEN_DIM), "U": (HIDDEN_DIM, HIDDEN_DIM), "b": (HIDDEN_DIM,)}
    for gate, name in {"i": "input_gate", "f": "forget_gate", "c": "control_gate"}.items():
        for kind, shape in shapes.items():
            variable = getattr(gru, kind + gate)
            assert isinstance(variable, tf.Variable)
            assert variable.shape == shape
            ending = "bias" if kind == "b" else kind.lower() + gate
            assert variable.name == f"gru_init/{name}_{ending}:0"
        assert not np.any(getattr(gru, "b" + gate))


def test_the_weights_of_the_variant_without_reset_keep_their_names():
    gru = made(GRUWithoutReset)
    for gate, name in {"f": "forget_gate", "c": "control_gate"}.items():
        names = [getattr(gru, kind + gate).name for kind in "WUb"]
        assert names == [f"gru_init/{name}_{ending}:0" for ending in (f"w{gate}", f"u{gate}", "bias")]


@pytest.mark.parametrize("kind", [GRU, GRUWithoutReset])
def test_initial_values_can_be_overridden(kind):
    """The text mentions `random_uniform` as an alternative for both."""

    class OnesAndTwos(kind):
        def init_matrix(self, shape):
            return tf.ones(shape)

        def init_vector(self, shape):
            return 2 * tf.ones(shape)

    gru = made(OnesAndTwos)
    for gate in "ifc" if kind is GRU else "fc":
        assert np.all(getattr(gru, "W" + gate) == 1)
        assert np.all(getattr(gru, "U" + gate) == 1)
        assert np.all(getattr(gru, "b" + gate) == 2)


SIZE = 400


def is_normal(values) -> bool:
    """True if their distribution differs from N(0, 0.1) by no more than all but 2 ** -40 of samples do.

    This uses Massart's constant of the inequality of Dvoretzky, Kiefer and Wolfowitz:
    https://doi.org/10.1214/aop/1176990746.
    """
    ordered = np.sort(np.ravel(values)).astype("float64")
    expected = (1 + tf.math.erf(ordered / (0.1 * np.sqrt(2))).numpy()) / 2
    ranks = np.arange(len(ordered) + 1) / len(ordered)
    distance = max(np.max(ranks[1:] - expected), np.max(expected - ranks[:-1]))
    return bool(distance <= np.sqrt(np.log(2 * 2**40) / (2 * len(ordered))))


def test_matrices_start_normal_with_a_standard_deviation_of_a_tenth():
    tf.random.set_seed(2)
    gru = GRU(np.zeros((1, 1, SIZE), "float32"), SIZE, SIZE)
    assert all(is_normal(getattr(gru, kind + gate)) for kind in "WU" for gate in "ifc")


@pytest.mark.parametrize(
    "draw",
    [
        lambda shape: tf.random.normal(shape, stddev=0.01),
        lambda shape: tf.random.normal(shape, mean=0.01, stddev=0.1),
        lambda shape: tf.random.truncated_normal(shape, stddev=0.1),
        lambda shape: tf.random.uniform(shape, -0.01, 0.01),
        lambda shape: tf.random.uniform(shape, -np.sqrt(0.03), np.sqrt(0.03)),
    ],
    ids=["variance", "mean", "truncated", "uniform as the text has it too", "uniform of this deviation"],
)
def test_other_initial_values_are_distinguished_from_these(draw):
    tf.random.set_seed(2)
    assert not is_normal(draw([SIZE, SIZE]))


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
        ((INPUTS, 0, HIDDEN_DIM), "emb_dim is 0, but must be a positive integer"),
        ((INPUTS, EMB_DIM, 0), "hidden_dim is 0, but must be a positive integer"),
        ((INPUTS, EMB_DIM, 2.0), "hidden_dim is 2.0, but must be a positive integer"),
        ((INPUTS[:, :0], EMB_DIM, HIDDEN_DIM), "inputs has no steps, but must have 1 or more"),
        (
            (INPUTS, EMB_DIM, HIDDEN_DIM, [6, 0, 3], True),
            "sequence_length must be from 0 to time: sequence_length is .6, 0, 3., time",
        ),
        ((INPUTS, EMB_DIM, HIDDEN_DIM, [5, 0], True), r"sequence_length has shape \(2,\), but must be \(3,\)"),
        ((INPUTS, EMB_DIM, HIDDEN_DIM, None, 1), "revers is 1, but must be one of True, False"),
        ((INPUTS, EMB_DIM, HIDDEN_DIM, None, True, 1), "align is 1, but must be one of True, False"),
    ],
)
def test_input_that_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GRU(*arguments)


@pytest.mark.parametrize("wrong", [None, tf.RaggedTensor.from_tensor(INPUTS), tf.sparse.from_dense(INPUTS)])
def test_inputs_that_are_not_dense_are_refused(wrong):
    for call in (made().recurrence, lambda inputs: GRU(inputs, EMB_DIM, HIDDEN_DIM)):
        with pytest.raises(
            TypeError,
            match=r"inputs is (None, but must be a tensor|(ragged|sparse), but must be dense: (pass|convert))",
        ):
            call(wrong)


def test_no_rows_have_no_lengths():
    assert GRU(INPUTS[:0], EMB_DIM, HIDDEN_DIM, [], revers=True).output().shape == (0, TIME, HIDDEN_DIM)
    assert tf_gru.GRU(HIDDEN_DIM)(INPUTS[:0], lengths=[]).shape == (0, HIDDEN_DIM)


@pytest.mark.parametrize("revers", [True, False])
def test_lengths_are_checked_when_the_graph_runs(revers):
    v1 = tf.compat.v1
    with tf.Graph().as_default():
        lengths = v1.placeholder("int64", (None,))
        outputs = GRU(INPUTS, EMB_DIM, HIDDEN_DIM, lengths, revers=revers).output()
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            assert session.run(outputs, {lengths: LENGTHS}).shape == (BATCH, TIME, HIDDEN_DIM)
            with pytest.raises(tf.errors.InvalidArgumentError, match="sequence_length must be from 0 to time"):
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
    """A pitfall of the tutorial, kept: the state continues through the padding."""
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


@pytest.mark.parametrize("where", ["eager", "graph"])
def test_an_override_has_the_texts_attributes(where):
    """Sizes and inputs exist when the units are made, and remain those of the constructor's inputs."""

    class Slowed(GRU):
        """A GRU in which each step moves the state by a share of its change and adds the inputs' mean."""

        def create_recurrent_unit(self):
            usual = super().create_recurrent_unit()
            share = 1 / tf.cast(self.time_step, self.dtype)
            ones = tf.ones([self.batch_size, self.hidden_dim], self.dtype)
            mean = tf.reduce_mean(self.inputs)

            def unit(x, h):
                return h + share * ones * (usual(x, h) - h) + mean

            return unit

    with tf.Graph().as_default() if where == "graph" else contextlib.nullcontext():
        inputs = tf.constant(INPUTS)
        gru = made(Slowed, sequence_length=LENGTHS, revers=True, align=True)
        turned = tf.reverse_sequence(inputs, LENGTHS, seq_axis=1, batch_axis=0)
        found = {
            "batch_size": (gru.batch_size, tf.constant(BATCH)),
            "time_step": (gru.time_step, tf.constant(TIME)),
            "inputs": (gru.inputs, tf.transpose(turned, [1, 0, 2])),
            "gen_o": (tf.reverse_sequence(tf.transpose(gru.gen_o, [1, 0, 2]), LENGTHS, 1, 0), gru.outputs),
        }
        if where == "graph":
            with tf.compat.v1.Session() as session:
                session.run(tf.compat.v1.global_variables_initializer())
                found = session.run(found)
    for computed, expected in found.values():
        same(computed, expected)

    if where == "eager":
        before = {name: value for name, value in vars(gru).items() if name in found}
        same(tf.function(gru.recurrence)(INPUTS, LENGTHS), gru.output())
        assert all(getattr(gru, name) is value for name, value in before.items())


def test_a_unit_whose_state_has_another_width_is_refused():
    class Wider(GRU):
        def create_recurrent_unit(self):
            return lambda x, h: tf.concat([h, h], axis=-1)

    with pytest.raises(ValueError, match=r"the new state has shape \(3, 4\), but must be \(3, 2\)"):
        made(Wider)


# 3.5: a BiGRU.


@pytest.mark.parametrize("unit", [GRU, GRUWithoutReset])
def test_a_bigru_is_two_of_them_side_by_side(unit):
    both = made(BiGRU, sequence_length=LENGTHS, unit=unit)
    assert both.output().shape == (BATCH, TIME, 2 * HIDDEN_DIM)
    same(both.output()[..., :HIDDEN_DIM], both.forward.output())
    same(both.output()[..., HIDDEN_DIM:], both.backward.output())
    assert (both.forward.revers, both.backward.revers, both.backward.align) == (False, True, True)
    same(both.recurrence(INPUTS, LENGTHS), both.output())


def test_a_bigru_takes_each_row_within_its_length():
    both = made(BiGRU, sequence_length=LENGTHS)
    assert judged(INPUTS, both.output(), both.forward, both.backward, lengths=LENGTHS).findings == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda both: both.recurrence(INPUTS),
        lambda both: tf.concat([both.backward.output(), both.forward.output()], axis=-1),
        lambda both: tf.concat([both.forward.output(), both.forward.output()], axis=-1),
    ],
    ids=["lengths ignored", "sides exchanged", "forward twice"],
)
def test_another_bigru_is_distinguished_from_it(wrong):
    both = made(BiGRU, sequence_length=LENGTHS)
    assert judged(INPUTS, wrong(both), both.forward, both.backward, lengths=LENGTHS).findings


def test_a_bigru_that_is_not_aligned_is_seen_by_the_suite(monkeypatch):
    class Unaligned(BiGRU):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.backward.align = False

    monkeypatch.setattr("conformance.adapters.tutorial.BiGRU", Unaligned)
    assert judge(Eager(), BY_CLAUSE["bidirectional"], "float32", PROFILES["dev"], shrink=False).kind == FAIL


@pytest.mark.parametrize("unit", ["GRU", True, tf.keras.layers.GRU])
def test_a_unit_is_a_class_of_these(unit):
    with pytest.raises(TypeError, match=r"unit is .*, but must be tf_gru\.tutorial\.GRU or a class derived from it"):
        BiGRU(INPUTS, EMB_DIM, HIDDEN_DIM, unit=unit)


def test_a_bigru_starts_from_two_states():
    both = made(BiGRU)
    zeros = np.zeros((BATCH, HIDDEN_DIM), "float32")
    same(both.recurrence(INPUTS, h0=[None, zeros]), both.output())
    started = both.recurrence(INPUTS, h0=[zeros, zeros + 1])
    same(started[..., :HIDDEN_DIM], both.forward.output())
    assert np.all(started[:, -1, HIDDEN_DIM:] != both.output()[:, -1, HIDDEN_DIM:])
    with pytest.raises(ValueError, match=r"h0 is a ndarray, but must be \[forward, backward\], one for each direction"):
        both.recurrence(INPUTS, h0=zeros)


# In a tf.function; and the usage example with the other blocks of the guide.


def test_made_outside_it_is_called_in_a_tf_function():
    """It is judged there, with one trace for every batch and time."""

    def run(case):
        gru = _assigned(case).whole
        spec = tf.TensorSpec((None, None, gru.emb_dim), case.dtype)
        outputs = tf.function(gru.recurrence, input_signature=[spec])(case.inputs)
        return Outputs(outputs.numpy(), outputs[:, -1].numpy())

    within = Adapter(run, load("tutorial:graph").capabilities)
    assert judge(within, BY_CLAUSE["step-before"], "float32", PROFILES["dev"]).kind == PASS


@pytest.mark.parametrize("wrong", ["float64", "float16"])
def test_inputs_of_another_dtype_than_it_was_made_with_are_refused(wrong):
    with pytest.raises(TypeError, match=f"inputs has dtype {wrong}, but must be float32"):
        made().recurrence(INPUTS.astype(wrong))


def test_an_override_gets_variables_by_the_names_that_the_text_gives_them():
    class ByName(GRU):
        def create_recurrent_unit(self):
            W = tf.compat.v1.get_variable("W", [self.emb_dim, self.hidden_dim])
            return lambda x, h: tf.tanh(tf.matmul(x, W) + h)

    with tf.Graph().as_default():
        made(ByName)
        assert [variable.op.name for variable in tf.compat.v1.global_variables()] == ["gru_init/W"]


def test_a_unit_with_the_tutorials_own_constructor_makes_a_bigru():
    class Old(GRU):
        def __init__(self, inputs, emb_dim, hidden_dim, sequence_length=None, revers=False):
            super().__init__(inputs, emb_dim, hidden_dim, sequence_length, revers)

    same(made(BiGRU, sequence_length=LENGTHS, unit=Old).output(), made(BiGRU, sequence_length=LENGTHS).output())


def test_making_one_in_a_tf_function_is_refused():
    with pytest.raises(ValueError, match=r"make it outside the tf\.function, and call its recurrence inside"):
        tf.function(lambda: GRU(INPUTS, EMB_DIM, HIDDEN_DIM).output())()


@pytest.fixture(scope="module")
def told():
    """The names that the guide's blocks define."""
    found = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE, "exec"), found)
    return found


@pytest.mark.parametrize("name", ["output", "today"])
def test_one_direction_then_and_now(told, name):
    assert judged(told["images"], told[name], told["custom_gru"]).findings == []


def test_two_directions_then_and_now(told):
    both = told["both"]
    for outputs in (both.output(), told["outputs"]):
        assert judged(told["sentences"], outputs, both.forward, both.backward, lengths=told["lengths"]).findings == []


def test_the_guides_lengths_are_distinguished_from_none(told):
    both = told["both"]
    outputs = told["layer"](told["sentences"])
    assert judged(told["sentences"], outputs, both.forward, both.backward, lengths=told["lengths"]).findings


@pytest.mark.parametrize("section", tutorial.SECTIONS, ids=lambda section: section.name)
def test_the_names_in_the_table_exist(section):
    assert section.tests and all(callable(globals()[name]) for name in section.tests)
    assert set(section.subjects) <= set(REGISTERED) and section.clauses and set(section.clauses) <= set(BY_CLAUSE)


def test_the_alternative_passes_the_clauses_in_the_table():
    """GRUCell of tf.compat.v1 in dynamic_rnn, beside the tutorial's own."""
    (section,) = (section for section in tutorial.SECTIONS if section.subjects != tutorial.SUBJECTS)
    for name in section.subjects:
        kinds = {judge(load(name), BY_CLAUSE[clause], "float32", PROFILES["dev"]).kind for clause in section.clauses}
        assert kinds == {PASS}


def test_the_names_in_the_guide_exist():
    assert Path(__file__) == ROOT / tutorial.TESTS and f"`{tutorial.TESTS}`" in GUIDE
    mutants = re.findall(r"conformance\.mutants:(\w+)", GUIDE)
    assert mutants and all(load(f"conformance.mutants:{mutant}") for mutant in mutants)
    (command,) = blocks(PAGE, "bash")
    *subjects, option, profile = command.removeprefix("python -m conformance run ").split()
    assert option == "--profile" and profile in PROFILES and tuple(subjects) == tutorial.SUBJECTS


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
    with pytest.raises(ValueError, match="sequence_length must be from 0 to time"):
        made(sequence_length=[99, -1, 0])
