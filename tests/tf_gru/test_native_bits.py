"""The native kernel bit for bit: one result for any processor, any division of the work and any other rows."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.documents import ROOT
from tests.tf_gru import c_entry
from tests.tf_gru.c_entry import RESETS, bits, drawn, everything, rows
from tf_gru import native
from tf_gru.kernels import native as kernel

pytestmark = pytest.mark.skipif(not native.PATH.exists(), reason="tf_gru was installed without a native kernel")

PROGRAM = Path(c_entry.__file__)
FORMATS = (np.float32, np.float64)
OF_A_ROW = slice(4)  # outputs, final state, and the gradients of inputs and start


@pytest.fixture(scope="module")
def library():
    native.library()  # TensorFlow lists the ops of a library only if it opens the library first
    opened = c_entry.opened()
    opened.tf_gru_set_threads(3)
    return opened


def digest(instruction_set, *command):
    path = os.pathsep.join(map(str, (c_entry.PATH.parents[2], ROOT)))
    environment = {**os.environ, "TF_GRU_ISA": instruction_set, "PYTHONPATH": path}
    run = subprocess.run([*command, sys.executable, PROGRAM], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_every_instruction_set_gives_the_same_bits():
    """The instruction sets of this processor are tested."""
    names, digests = zip(*(digest(name) for name in ("avx512", "avx2", "portable") if supports(name)), strict=True)

    assert "portable" in names
    assert len(set(digests)) == 1


def supports(name):
    flags = Path("/proc/cpuinfo").read_text()
    return {"avx512": "avx512dq" in flags, "avx2": "avx2" in flags and "fma" in flags, "portable": True}[name]


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("masked", [False, True])
def test_a_row_is_the_same_alone_and_in_any_company(library, reset, dtype, masked):
    """37 rows fill every size of tile. Gradients of inputs and start are compared too."""
    numbers = drawn(1, 37, 9, 5, 21, reset, dtype, masked=masked)
    together = everything(library, numbers, reset)[OF_A_ROW]
    mixed = np.random.default_rng(2).permutation(37)

    for which in ([5], [36], range(11), range(1, 3), mixed):
        some = everything(library, rows(numbers, list(which)), reset)[OF_A_ROW]
        assert bits(some) == bits(each[list(which)] for each in together)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize(("threads", "by_units"), [(2, 0), (3, 0), (2, 1), (3, 1)])
def test_the_number_of_threads_and_their_shares_change_nothing(library, reset, dtype, threads, by_units):
    """Weights' gradients are compared too, and gates that are computed again with kept ones."""
    for seed, batch, masked in ((3, 37, True), (4, 2, False)):
        numbers = drawn(seed, batch, 61, 5, 50, reset, dtype, masked=masked)
        alone = everything(library, numbers, reset, reverse=masked)

        for keep in (True, False):
            shared = everything(library, numbers, reset, reverse=masked, keep=keep, threads=threads, by_units=by_units)
            assert bits(shared) == bits(alone)


@pytest.mark.parametrize("reset", RESETS)
def test_time_may_be_cut_anywhere(library, reset):
    """One step at a time equals all of time at once, which is many chunks, forward and backward."""
    numbers = drawn(5, 40, 70, 12, 60, reset, np.float32)
    inputs, start, *weights, valid, d_outputs, d_final_state = numbers
    outputs, final_state, d_inputs, d_start, *_ = everything(library, numbers, reset)

    h, states = start, []
    for t in range(70):
        step = [inputs[:, t : t + 1], h, *weights, valid, d_outputs[:, t : t + 1], d_final_state]
        states.append(h)
        h = everything(library, step, reset)[1]
        assert h.tobytes() == outputs[:, t].tobytes()
    assert h.tobytes() == final_state.tobytes()
    d = d_final_state
    for t in reversed(range(70)):
        step = [inputs[:, t : t + 1], states[t], *weights, valid, d_outputs[:, t : t + 1], d]
        _, _, d_input, d, *_ = everything(library, step, reset)
        assert d_input[:, 0].tobytes() == d_inputs[:, t].tobytes()
    assert d.tobytes() == d_start.tobytes()


@pytest.mark.parametrize("reset", RESETS)
def test_padding_changes_no_gradient_of_a_weight(library, reset):
    """Appended masked steps move every row to another place of every chunk."""
    numbers = drawn(6, 30, 40, 4, 18, reset, np.float32, masked=True)
    inputs, start, *weights, valid, d_outputs, d_final_state = numbers
    longer = [
        *(np.concatenate([inputs, np.full_like(inputs, np.nan)], axis=1), start, *weights),
        np.concatenate([valid, np.zeros_like(valid)], axis=1),
        *(np.concatenate([d_outputs, 0 * d_outputs], axis=1), d_final_state),
    ]

    assert bits(everything(library, longer, reset)[4:]) == bits(everything(library, numbers, reset)[4:])


def test_the_call_before_changes_nothing(library):
    """The content of reused memory changes nothing either."""
    numbers = drawn(7, 9, 8, 7, 33, "after", np.float32)
    first = bits(everything(library, numbers, "after"))

    for seed in range(8, 12):
        everything(library, drawn(seed, 30, 20, 40, 60, "before", np.float64), "before", threads=2)
        assert bits(everything(library, numbers, "after")) == first


def test_subnormal_numbers_are_kept_or_flushed_as_the_caller_has_it(library):
    """Every thread does so: a caller of the C function keeps them, TensorFlow's threads flush them."""
    inputs, start, *others = drawn(13, 16, 3, 4, 19, "after", np.float32)
    subnormal = np.finfo(np.float32).smallest_subnormal * 2**16
    others[0] *= subnormal
    others[1] *= subnormal
    others[2:4] = [np.zeros_like(others[2]), np.zeros_like(others[3])]
    others[2][: 2 * 19] = 200  # z and r are 1, so the state stays unchanged
    start = np.full_like(start, subnormal)
    numbers = [inputs, start, *others]

    alone = everything(library, numbers, "after")
    kept = everything(library, numbers, "after", threads=3)
    flushed, _ = kernel.run(
        inputs, start, tuple(others[:4]), None, reset="after", reverse=False, masked_outputs="carry", recompute=False
    )

    assert bits(kept) == bits(alone)
    assert kept[0].any() and np.abs(kept[0]).max() < np.finfo(np.float32).tiny
    assert not flushed.numpy().any()


def test_two_calls_at_once_give_the_bits_of_each_alone(library):
    """One uses the pool, the other runs on its own thread."""
    calls = [(drawn(seed, 24, 30, 8, 40, reset, np.float32), reset) for seed, reset in enumerate(RESETS)]
    expected = [bits(everything(library, *call)) for call in calls]
    found = {}

    def run(place):
        for _ in range(5):
            found.setdefault(place, []).append(bits(everything(library, *calls[place], threads=2)))

    running = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for each in running:
        each.start()
    for each in running:
        each.join()

    assert found == {place: [each] * 5 for place, each in enumerate(expected)}
