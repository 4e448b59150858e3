"""The guide to training runs, and its statements about shapes and Keras' own loop hold."""

from tests.documents import blocks
from tf_gru.kernels import chosen

PAGE = "docs/training.md"
BLOCKS = blocks(PAGE, "python")


def test_the_kernel_in_cpp_runs_in_every_bucket_and_in_the_graph_of_any_batch():
    told = {}
    made = chosen(lambda: exec(compile(BLOCKS[0], PAGE, "exec"), told))
    assert {each.kernel for each in made} == {"native"} and len(made) >= len(told["shapes"])

    model = told["model"]
    model.compile(optimizer="sgd", loss="mse", jit_compile=False)
    batches = told["batches"].map(lambda inputs, lengths, target: ((inputs, lengths), target))
    made = chosen(model.fit, batches.take(1).repeat(), steps_per_epoch=1, shuffle=False, verbose=0)
    assert {each.kernel for each in made} == {"native"}


def test_the_rest_of_the_guide_runs():
    told = {}
    exec("import numpy as np, tensorflow as tf, tf_gru\nrng = np.random.default_rng(0)", told)
    for block in BLOCKS[1:]:
        exec(compile(block, PAGE, "exec"), told)
