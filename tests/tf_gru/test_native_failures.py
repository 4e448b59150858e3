"""Each allocation of the native kernel fails once: an error, nothing leaks, and the next call is right."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.documents import ROOT
from tests.tf_gru import c_entry
from tf_gru import native

pytestmark = [
    pytest.mark.skipif(not native.PATH.exists(), reason="tf_gru was installed without a native kernel"),
    pytest.mark.skipif(not shutil.which("g++"), reason="there is no g++ here"),
]
SOURCE = ROOT / "tests" / "tf_gru" / "failing_allocation.cpp"


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    library = tmp_path_factory.mktemp("failing") / "failing_allocation.so"
    subprocess.run(["g++", "-O1", "-fPIC", "-shared", SOURCE, "-o", library], check=True)
    return library


def run(program, library):
    path = os.pathsep.join(map(str, (c_entry.PATH.parents[2], ROOT)))
    environment = {**os.environ, "PYTHONPATH": path, "LD_PRELOAD": str(library), "TF_CPP_MIN_LOG_LEVEL": "3"}
    ended = subprocess.run(
        [sys.executable, "-c", f"import ctypes; shim = ctypes.CDLL({str(library)!r})\n{program}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout.splitlines()


OPS = """
import numpy as np, tensorflow as tf
from tf_gru import gru
draw = np.random.default_rng(0)
x = tf.constant(draw.standard_normal((16, 20, 8), "float32"))
weights = [tf.constant(draw.standard_normal(shape, "float32")) for shape in ((8, 120), (40, 120), (2, 120))]

def forward():
    return gru(x, *weights, use_native=True)

def backward():
    with tf.GradientTape() as tape:
        tape.watch(weights)
        results = forward()
    return tape.gradient(results, weights)

traced = tf.function(lambda x: gru(x, *weights, use_native=True), autograph=False)
def second():
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            outputs, final_state = traced(x)
            loss = tf.reduce_sum(outputs ** 2) + tf.reduce_sum(final_state ** 2)
        slopes = inner.gradient(loss, x)
    return [outer.gradient(slopes, x)]

for call in (forward, backward, second):
    bits = lambda: [each.numpy().tobytes() for each in call()]
    expected, refused = bits(), 0
    shim.fail_at(-1)
    before = shim.alive()
    for place in range(100):
        shim.fail_at(place)
        try:
            found = bits()
        except tf.errors.ResourceExhaustedError as error:
            assert "memory" in error.message, error.message
            refused += 1
        else:
            assert found == expected
        last = not shim.has_failed()
        shim.fail_at(-1)
        assert bits() == expected
        assert shim.alive() == before, (shim.alive(), before)
        if last:
            break
    print(call.__name__, refused, place)
"""


def test_each_allocation_of_an_op_that_fails_is_resource_exhausted(failing):
    """A call has two: its plan, and its memory. A derivative has its forward pass's too."""
    forward, backward, second = (line.split() for line in run(OPS, failing))

    assert forward == ["forward", "2", "2"]
    assert backward == ["backward", "4", "4"]
    assert second[0] == "second" and int(second[1]) == int(second[2]) >= 4


POOL = """
import os
from tests.tf_gru import c_entry
library = c_entry.opened()
library.tf_gru_set_threads(3)
numbers = c_entry.drawn(0, 24, 5, 8, 40, "after", "float32")
run = lambda threads: c_entry.bits(c_entry.everything(library, numbers, "after", threads=threads))
expected, statuses = run(1), []
for place in range(20):
    child = os.fork()
    if child == 0:
        shim.fail_at(place)
        try:
            right = run(3) == expected
        except AssertionError:  # the status is that memory is missing
            right = True
        failed = shim.has_failed()
        shim.fail_at(-1)
        right = right and run(3) == expected
        os._exit((1 if failed else 2) if right and len(os.listdir("/proc/self/task")) <= 3 else 3)
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if statuses[-1] != 1:
        break
print(*statuses)
"""


def test_a_pool_without_memory_for_its_threads_serves_with_those_it_has(failing):
    """No thread is left behind with the memory of a pool that was not finished."""
    (statuses,) = run(POOL, failing)

    *failed, last = statuses.split()
    assert last == "2" and set(failed) == {"1"} and len(failed) >= 5
