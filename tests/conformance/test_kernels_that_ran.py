"""The report's list of kernels that ran comes from the traced graphs, not from the requested ones."""

import numpy as np
import pytest
import tensorflow as tf

from conformance import adapters
from conformance.adapters import tensorflow_kernels as known
from conformance.adapters.keras_layers import KerasLayers
from conformance.adapters.tf_gru import build, call_arguments, capabilities
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers
from tf_gru.kernels import cudnn


def case(time):
    draw = Numbers(np.random.default_rng(time), "float32", 12, "plain")
    return Case(inputs=draw.inputs((2, time, 3)), parameters=(draw.parameters(3, 2, "after"),))


def ran(path, time, **options):
    subject = KerasLayers(
        path, lambda case: build(case, **options), call_arguments, capabilities("graph"), ("tensorflow",)
    )
    assert subject.kernels == set()
    subject.run(case(time))
    return subject.kernels


@pytest.mark.parametrize(
    ("path", "time", "options", "kernels"),
    [
        ("graph", 16, {}, {known.NATIVE}),
        ("graph", 16, {"jit": True}, {known.COMPILED}),
        ("graph", 16, {"use_native": False}, {known.LOOP}),
        ("graph", 3, {"unroll": True}, {known.UNROLLED}),
        ("xla", 3, {"jit": False}, {known.COMPILED}),
        ("eager", 16, {}, set()),
    ],
)
def test_the_kernel_is_the_one_in_the_graph(path, time, options, kernels):
    assert ran(path, time, **options) == kernels


def test_cudnns_op_is_seen_without_a_gpu():
    def traced():
        with tf.Graph().as_default() as graph:
            x, h, params = tf.zeros((2, 3, 4)), tf.zeros((2, 5)), tf.zeros((3 * 5 * (4 + 5 + 2),))
            lengths = tf.fill([2], 3)
            tf.cond(tf.size(lengths) > 1, lambda: cudnn.op(x, h, params, lengths)[1], lambda: h)
        return graph

    assert known.held([traced()]) == {known.CUDNN}


def test_onnx_runtime_names_its_provider():
    subject = adapters.load("onnxruntime")
    subject.run(case(2))
    assert subject.kernels == {"CPUExecutionProvider"}
