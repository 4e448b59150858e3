"""The kernels that a traced graph of TensorFlow contains, for the report's list of kernels that ran."""

from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

LOOPS = ("While", "StatelessWhile")
COMPILED = "compiled by XLA"
LOOP = "TensorFlow's while loop"
CUDNN = "cuDNN's CudnnRNNV3"
NATIVE = "tf_gru's native kernel"
UNROLLED = "step after step, without a loop"


def held(graphs: Iterable[tf.Graph]) -> set[str]:
    """The kernels in these graphs, and in the functions that they call."""
    found = set()
    for graph in graphs:
        each = set(_kernels(graph.as_graph_def()))
        found |= each or {UNROLLED}
    return found


def _kernels(graph: Any) -> Iterator[str]:
    compiled = {one.signature.name for one in graph.library.function if one.attr["_XlaMustCompile"].b}
    if compiled:
        yield COMPILED
    # Functions called by a compiled function are compiled too: their loops belong to XLA, and are not separate kernels.
    bodies = {one.signature.name: one.node_def for one in graph.library.function}
    waiting, met = [graph.node], set()
    while waiting:
        for node in waiting.pop():
            if node.op == "CudnnRNNV3":
                yield CUDNN
            if node.op == "TfGru":
                yield NATIVE
            if node.op in LOOPS:
                yield LOOP
            called = {name for value in node.attr.values() for name in _functions(value)} - compiled - met
            met |= called
            waiting += [bodies[name] for name in called & bodies.keys()]


def _functions(value: Any) -> Iterator[str]:
    """Yield the functions that an attribute names."""
    if value.HasField("func"):
        yield value.func.name
    yield from (one.name for one in value.list.func)
