"""A small honest program that speaks the protocol, and one wrong in one way each: python programs.py HOW [FILE].

It uses only Python's own math and lists, so it shares nothing with the suite. A wrong program is wrong for cases with
lengths, and honest otherwise.
"""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

HOW = sys.argv[1] if len(sys.argv) > 1 else "honest"
CAPABILITIES = {
    "arithmetic": {"float64": {"activation": "8 ULP", "source": "the C library"}},
    "because": {"float32": "Python's numbers are float64"},
    "lengths": True,
}


def sigmoid(a):
    return 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a))


def answer(case):
    """The answer of a GRU with the reset gate after the product, in lists."""
    (batch, time_, inputs), xs = case["inputs"]["shape"], [float(value) for value in case["inputs"]["values"]]
    (p,) = case["parameters"]
    units = p["kernel"]["shape"][2]
    W, U, b = ([float(value) for value in p[name]["values"]] for name in ("kernel", "recurrent_kernel", "bias"))
    starts = case["initial_state"]
    h0 = [float(value) for value in starts[0]["values"]] if starts else [0.0] * batch * units
    outputs, final = [], []
    for row in range(batch):
        h = h0[row * units : (row + 1) * units]
        for t in range(time_):
            if case["lengths"] is None or t < case["lengths"][row]:
                x = xs[(row * time_ + t) * inputs :][:inputs]
                new = []
                for j in range(units):
                    a = [sum(x[i] * W[(g * inputs + i) * units + j] for i in range(inputs)) for g in range(3)]
                    c = [sum(h[i] * U[(g * units + i) * units + j] for i in range(units)) for g in range(3)]
                    a = [a[g] + b[g * units + j] for g in range(3)]
                    c = [c[g] + b[(3 + g) * units + j] for g in range(3)]
                    z, r = sigmoid(a[0] + c[0]), sigmoid(a[1] + c[1])
                    new.append(z * h[j] + (1 - z) * math.tanh(a[2] + r * c[2]))
                h = new
            outputs += h
        final += h
    return {"shape": [batch, time_, units], "values": outputs}, {"shape": [batch, units], "values": final}


def say(message):
    print(message if isinstance(message, str) else json.dumps(message), flush=True)


def misbehave(message, result):
    """The reaction of a wrong program to a case with lengths."""
    id, outputs = message["id"], result["outputs"]
    if HOW == "crashes":
        print("something fell over", file=sys.stderr, flush=True)
        os._exit(3)
    if HOW == "hangs":
        time.sleep(3600)
    if HOW == "leaves a child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        Path(sys.argv[2]).write_text(f"{os.getpid()} {child.pid}")
        time.sleep(3600)
    if HOW == "trickles":
        while True:
            sys.stdout.write(" ")
            sys.stdout.flush()
            time.sleep(0.01)
    if HOW == "floods":
        while True:
            sys.stdout.write("x" * 65536)
    if HOW == "complains without end":
        while True:
            sys.stderr.write("oh no " * 10000)
    if HOW == "closes its output":
        os.close(1)
        time.sleep(3600)
    if HOW == "babbles":
        say("Hello, world")
    if HOW == "nests":
        say("[" * 50000)
    if HOW == "says a list":
        say([1])
    if HOW == "another's id":
        say({**result, "id": id + 1})
    if HOW == "answers twice":
        say(result)
        say(result)
    if HOW == "NaN as JSON has it not":
        say(json.dumps(result).replace('"values": [', '"values": [NaN, ', 1))
    if HOW == "NaN":
        say({**result, "outputs": {**outputs, "values": ["NaN"] * len(outputs["values"])}})
    if HOW == "too few values":
        say({**result, "outputs": {**outputs, "values": outputs["values"][1:]}})
    if HOW == "another shape":
        say({**result, "outputs": {**outputs, "shape": outputs["shape"][::-1]}})
    if HOW == "a key too much":
        say({**result, "note": "nothing"})
    if HOW == "no final state":
        say({"kind": "result", "id": id, "outputs": outputs})
    if HOW == "a word":
        say({**result, "final_state": {**result["final_state"], "values": ["one"]}})
    if HOW == "out of range":
        first = json.dumps(outputs["values"][0])
        say(json.dumps(result).replace(first, "1e999", 1))
    if HOW == "declines":
        say({"kind": "declined", "id": id, "reason": "no lengths today", "link": "https://example.org/1"})
    if HOW == "errs":
        say({"kind": "error", "id": id, "reason": "out of memory"})


STARTED = {
    "kind": "started",
    "protocol": 2 if HOW == "version 2" else 1,
    "name": "programs.py",
    "versions": {"python": sys.version.split()[0]},
    "capabilities": CAPABILITIES,
}
if HOW == "claims nonsense":
    STARTED["capabilities"] = {"arithmetic": {"float64": {"activation": "about right", "source": "none"}}}
if HOW == "changes":
    STARTED["versions"]["pid"] = str(os.getpid())
if HOW == "complains at first":
    sys.stderr.write("warming up " * 100_000)
    sys.stderr.flush()
if HOW == "ends at once":
    sys.exit("no licence")
if HOW == "never starts":
    time.sleep(3600)
for line in sys.stdin:
    message = json.loads(line)
    if message["kind"] == "stop":
        if HOW == "says goodbye":
            Path(sys.argv[2]).write_text("stopped")
        if HOW == "does not stop":
            time.sleep(3600)
        break
    if message["kind"] == "start":
        say({"kind": "error", "reason": "wrong phase of the moon"} if HOW == "errs at start" else STARTED)
        continue
    outputs, final = answer(message["case"])
    result = {"kind": "result", "id": message["id"], "outputs": outputs, "final_state": final}
    if HOW in ("honest", "complains at first") or message["case"]["lengths"] is None:
        say(result)
    else:
        misbehave(message, result)
