"""The specification as a program that speaks the protocol, with gradients and two directions: python FILE [FACTOR].

FACTOR multiplies every gradient of the recurrent kernel; any value except 1 is wrong.
"""

import json
import sys

import numpy as np

import reference

FACTOR = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
CAPABILITIES = {
    "arithmetic": {"float64": {"activation": "8 ULP", "source": "NumPy"}},
    **dict.fromkeys(("lengths", "masks", "reverse", "gradients"), True),
    "merges": ["concat", "apart"],
}


def read(array):
    """Read an array, an object for each direction, or null."""
    if array is None:
        return None
    if isinstance(array, list):
        return tuple(map(read, array))
    return np.array([float(value) for value in array["values"]], np.float64).reshape(array["shape"])


def written(part):
    """The inverse of `read`."""
    if isinstance(part, tuple):
        return [written(each) for each in part]
    words = {np.inf: "Infinity", -np.inf: "-Infinity"}
    values = ["NaN" if value != value else words.get(value, value) for value in part.ravel().tolist()]
    return {"shape": list(part.shape), "values": values}


def answer(case, cotangents=None):
    """Outputs and final state; with cotangents the gradients, by name."""
    both = [
        reference.Parameters(*(read(p[name]) for name in ("kernel", "recurrent_kernel", "bias")), case["reset"])
        for p in case["parameters"]
    ]
    mask = read(case["mask"])
    options = {
        "initial_state": read(case["initial_state"]),
        "lengths": None if case["lengths"] is None else np.array(case["lengths"]),
        "mask": None if mask is None else mask.astype(bool),
        "masked_outputs": case["masked_outputs"],
    }
    inputs = read(case["inputs"])
    if case["merge"] is None:
        run, back = reference.gru, reference.gru_backward
        starts = options["initial_state"]
        options |= {"initial_state": None if starts is None else starts[0], "reverse": case["reverse"]}
    else:
        run, back = reference.bigru, reference.bigru_backward
        options["merge"] = case["merge"]
    if cotangents is None:
        return {name: written(part) for name, part in run(inputs, *both, **options)._asdict().items()}
    given = {f"grad_{name}": read(part) for name, part in cotangents.items()}
    found = back(inputs, *both, **given, **options)
    return told(*found) if case["merge"] is None else told(*found[:2], *zip(*found[2:], strict=True))


def told(inputs, initial_state, kernel, recurrent_kernel, bias):
    """The gradients by their names in messages."""
    several = isinstance(recurrent_kernel, tuple)
    wrong = tuple(part * FACTOR for part in recurrent_kernel) if several else recurrent_kernel * FACTOR
    named = {
        "inputs": inputs,
        "initial_state": initial_state,
        "kernel": kernel,
        "recurrent_kernel": wrong,
        "bias": bias,
    }
    return {name: written(part) for name, part in named.items()}


for line in sys.stdin:
    message = json.loads(line)
    if message["kind"] == "start":
        said = {"kind": "started", "protocol": 1, "name": "specification", "versions": {"numpy": np.__version__}}
        said["capabilities"] = CAPABILITIES
    elif message["kind"] == "stop":
        break
    elif message["kind"] == "case":
        said = {"kind": "result", "id": message["id"], **answer(message["case"])}
    else:
        said = {"kind": "gradients", "id": message["id"], **answer(message["case"], message["cotangents"])}
    print(json.dumps(said), flush=True)
