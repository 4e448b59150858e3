"""The native kernel without enough memory or threads: an error message, or one thread, but never a crash."""

import ctypes
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.documents import ROOT
from tests.tf_gru import c_entry
from tf_gru import native

pytestmark = pytest.mark.skipif(not native.PATH.exists(), reason="tf_gru was installed without a native kernel")


def of_sizes(**sizes):
    """A call whose arrays are never read."""
    return c_entry.Call(**{"batch": 1, "time": 1, "input_dim": 1, "units": 1} | sizes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "sizes",
    [
        {"units": 2**24},
        {"units": 2**31},
        {"units": 2**40},
        {"input_dim": 2**62, "units": 3},
        {"batch": 2**61},
        {"batch": 2**31, "time": 2**31, "units": 2**10},
    ],
)
def test_a_call_too_large_for_any_machine_is_a_status(sizes, dtype):
    """Sizes whose product exceeds 2**63 are detected too, without wrapping."""
    native.library()

    assert c_entry.forward(c_entry.opened(), of_sizes(**sizes), dtype) == c_entry.NO_MEMORY
    gradients = c_entry.Gradients()
    how = int(dtype == np.float64), 1, 0
    call = of_sizes(**sizes)
    status = c_entry.opened().tf_gru_backward(ctypes.byref(call), ctypes.byref(gradients), *how)
    assert status == c_entry.NO_MEMORY


def run(program, **environment):
    """The output of a program that ended without an error."""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(c_entry.PATH.parents[2]), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def test_an_op_without_memory_is_resource_exhausted():
    """The test limits the process's memory. The next call, which fits, is right."""
    program = """
import resource, numpy as np, tensorflow as tf
from tf_gru import gru
x, weights = np.ones((2, 3, 4), "float32"), [np.ones(shape, "float32") for shape in ((4, 12), (4, 12), (2, 12))]
before = gru(x, *weights)[0]
units = 3000
large = [tf.ones(shape) for shape in ((1, 1, 4), (4, 3 * units), (units, 3 * units))]
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**25, resource.RLIM_INFINITY))  # packed, the weights take three of it
try:
    gru(*large, use_native=True)
except tf.errors.ResourceExhaustedError as error:
    print("refused", error.message)
print("same", (gru(x, *weights)[0].numpy() == before.numpy()).all())
"""
    said = run(program)

    assert "refused" in said
    assert "same True" in said


def test_a_forked_child_makes_its_own_threads():
    """The parent's threads do not exist there, and a call waits for none of them."""
    program = """
import os
from tests.documents import ROOT
from tests.tf_gru import c_entry
library = c_entry.opened()
library.tf_gru_set_threads(2)
numbers = c_entry.drawn(0, 24, 30, 8, 40, "after", "float32")
run = lambda: c_entry.bits(c_entry.everything(library, numbers, "after", threads=2))
expected = run()
child = os.fork()
if child == 0:
    os._exit(0 if run() == expected else 1)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "parent", run() == expected)
"""
    assert (
        run(program, PYTHONPATH=os.pathsep.join(map(str, (c_entry.PATH.parents[2], ROOT)))) == "child 0 parent True\n"
    )


def test_an_interrupt_arrives_when_the_op_returns():
    """It arrives as a KeyboardInterrupt, and the kernel works after it."""
    program = """
import _thread, threading, time, numpy as np
from tf_gru import gru
weights = [np.ones(shape, "float32") for shape in ((8, 96), (32, 96), (2, 96))]
long, short = np.ones((4, 20000, 8), "float32"), np.ones((1, 2, 8), "float32")
before = gru(short, *weights)[0].numpy()
caught = False
def interrupt():  # again, because Python drops an interrupt that arrives in a finalizer
    while not caught:
        _thread.interrupt_main()
        time.sleep(3)
threading.Timer(0.01, interrupt).start()
try:
    while True:
        gru(long, *weights, use_native=True)
except KeyboardInterrupt:
    caught = True
    print("interrupted", (gru(short, *weights)[0].numpy() == before).all())
"""
    assert run(program) == "interrupted True\n"
