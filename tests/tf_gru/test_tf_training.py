"""The guide to training runs, and what it says of shapes and of Keras' own loop is so."""

import pytest

from tests.documents import blocks
from tf_gru.kernels import choice

PAGE = "docs/training.md"
BLOCKS = blocks(PAGE, "python")


@pytest.fixture
def compiled(monkeypatch):
    """The shapes for which a compiled kernel was asked, and whether it was taken."""
    asked, decide = [], choice._worth_compiling
    monkeypatch.setattr(choice, "_met", type(choice._met)(set))

    def remembered(inputs, kernel):
        asked.append((tuple(inputs.shape[:2]), decide(inputs, kernel)))
        return asked[-1][1]

    monkeypatch.setattr(choice, "_worth_compiling", remembered)
    return asked


def test_buckets_are_compiled_and_no_graph_of_unknown_time_is(compiled):
    told = {}
    exec(compile(BLOCKS[0], PAGE, "exec"), told)
    buckets = {((32, 16), True), ((32, 32), True), ((32, 64), True)}
    assert {each for each in compiled if each[0][1]} == buckets

    compiled.clear()
    model = told["model"]
    model.compile(optimizer="sgd", loss="mse", jit_compile=False)
    batches = told["batches"].map(lambda inputs, lengths, target: ((inputs, lengths), target))
    model.fit(batches.take(1).repeat(), steps_per_epoch=1, shuffle=False, verbose=0)
    assert compiled and not any(taken for _, taken in compiled)


def test_the_rest_of_the_guide_runs():
    told = {}
    exec("import numpy as np, tensorflow as tf, tf_gru\nrng = np.random.default_rng(0)", told)
    for block in BLOCKS[1:]:
        exec(compile(block, PAGE, "exec"), told)
