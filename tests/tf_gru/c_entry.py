"""The library's functions in C, called without TensorFlow. Run as a program, it prints a digest of many results."""

import ctypes
import hashlib
import sys

import numpy as np

from benchmarks.c_entry import KEPT, PATH, RESETS, Call, Gradients, opened

GATES = {"after": 3, "before": 3, "none": 2}
NO_MEMORY = 1


def _at(array):
    return None if array is None else array.ctypes.data


def forward(library, call, dtype, threads=1, by_units=0):
    """The status of a call."""
    return library.tf_gru_forward(ctypes.byref(call), int(dtype == np.float64), threads, by_units)


def everything(library, numbers, reset, *, reverse=False, zero=False, keep=True, threads=1, by_units=0):
    """Outputs, final state, and the gradients: inputs, start, kernel, recurrent kernel, bias, the state's bias."""
    inputs, start, kernel, recurrent = numbers[:4]
    (batch, time, input_dim), units, dtype = inputs.shape, start.shape[1], inputs.dtype
    outputs, final_state = np.full((batch, time, units), 7, dtype), np.full((batch, units), 7, dtype)
    kept = np.full((time, batch, KEPT[reset] * units), np.nan, dtype) if keep else None
    given = [None if each is None else np.ascontiguousarray(each) for each in numbers]
    call = Call(
        *(batch, time, input_dim, units, RESETS.index(reset), reverse, zero),
        *(_at(each) for each in given[:7]),
        *(_at(outputs), _at(final_state), _at(kept)),
    )
    assert forward(library, call, dtype, threads, by_units) == 0
    made = [np.full_like(each, 7) for each in (inputs, start, kernel, recurrent, given[4], given[4])]
    gradients = Gradients(*(_at(each) for each in (*given[7:], *made)))
    how = int(dtype == np.float64), threads, by_units
    assert library.tf_gru_backward(ctypes.byref(call), ctypes.byref(gradients), *how) == 0
    return [outputs, final_state, *(made if reset == "after" else made[:-1])]


def drawn(seed, batch, time, input_dim, units, reset, dtype, *, masked=False, scale=1.0):
    """All arrays of a call, including cotangents; NaN in the padding."""
    draw, gates = np.random.default_rng(seed), GATES[reset]

    def numbers(*shape, scale=1.0):
        return (draw.standard_normal(shape) * scale).astype(dtype)

    wide, narrow = gates * units, scale / np.sqrt(max(units, 1))
    valid = draw.random((batch, time)) < 0.6 if masked else None
    inputs = numbers(batch, time, input_dim)
    if masked:
        inputs[~valid] = np.nan
    weights = [numbers(input_dim, wide, scale=narrow), numbers(units, wide, scale=narrow)]
    biases = [numbers(wide, scale=0.1), numbers(wide, scale=0.1) if reset == "after" else None]
    start, cotangents = numbers(batch, units), [numbers(batch, time, units), numbers(batch, units)]
    return [inputs, start, *weights, *biases, valid, *cotangents]


def rows(numbers, which):
    """The same call for some rows, in another order."""
    batched = (0, 1, 6, 7, 8)
    return [
        np.ascontiguousarray(each[which]) if place in batched and each is not None else each
        for place, each in enumerate(numbers)
    ]


def bits(arrays):
    """Numbers that must be equal, as bits."""
    return [array.tobytes() for array in arrays]


def cases():
    """Sizes around every tile's, both formats, all resets; large, tiny and usual numbers."""
    for seed in range(48):
        draw = np.random.default_rng(seed)
        reset, dtype = RESETS[seed % 3], (np.float32, np.float64)[seed % 2]
        sizes = [int(draw.integers(1, most)) for most in (20, 12, 40, 70)]
        tiny = np.sqrt(np.finfo(dtype).tiny)  # products with it are subnormal
        scale = (1, 30, tiny)[seed % 5 % 3]
        yield (
            drawn(seed, *sizes, reset, dtype, masked=seed % 4 < 2, scale=scale),
            reset,
            {
                "reverse": seed % 7 < 3,
                "zero": seed % 11 < 5,
                "keep": seed % 13 < 7,
            },
        )


if __name__ == "__main__":
    library, digest = opened(sys.argv[1] if len(sys.argv) > 1 else PATH), hashlib.sha256()
    for numbers, reset, options in cases():
        for array in everything(library, numbers, reset, **options):
            digest.update(array.tobytes())
    print(library.tf_gru_instruction_set().decode(), digest.hexdigest())
