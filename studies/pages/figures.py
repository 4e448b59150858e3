"""The figures of the pages about the GRU, its errors and the scoreboard, each computed from the code or a record.

`python -m studies figures` writes them. Left out: figures of speed (benchmarks/) and of the kill matrix.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conformance.adapters import load
from conformance.bounds import OneStep
from conformance.bounds.elementwise import exactly
from conformance.bounds.proven import Proven
from conformance.bounds.run import run_forward
from conformance.bounds.step import BITS
from conformance.truth.balls import precision
from reference import Parameters, gru, gru_backward
from reference.parameters import GATES
from studies.pages import gates, heat_map

FOLDER = Path(__file__).parents[2] / "docs"
SEED = 2014  # the year of the paper
VARIES = "varies"
"""The mark of a line whose numbers differ from processor to processor. The digest of a figure leaves it out."""


def random(reset: str, units: int, scale: float = 1.0, update_bias: float = 0.0) -> Parameters:
    """Weights of N(0, scale / sqrt(units)), the same for each reset, and no bias except the update gate's."""
    draw, gates = np.random.default_rng(SEED), GATES[reset]
    which = ["zrn".index(gate) for gate in gates]
    kernel, recurrent = (draw.normal(0, scale / np.sqrt(units), (3, rows, units))[which] for rows in (1, units))
    bias = np.zeros((2, len(gates), units))
    bias[0, 0] = update_bias
    return Parameters(kernel, recurrent, bias, reset)


def kept(update_bias: float) -> Parameters:
    """One unit whose update gate is always sigma(update_bias), and whose candidate is tanh of the input."""
    bias = np.zeros((2, 3, 1))
    bias[0, 0] = update_bias
    kernel = np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    return Parameters(kernel, np.zeros((3, 1, 1)), bias, "after")


def memory(axes: Axes) -> None:
    """Draw a pulse of ten steps, in states whose update gates keep more or less."""
    pulse = np.zeros((1, 100, 1))
    pulse[:, 10:20] = 2
    for bias in (0.0, 2.0, 3.0, 4.0):
        gate = 1 / (1 + np.exp(-bias))
        states = gru(pulse, kept(bias)).outputs[0, :, 0]
        axes.plot(states, label=f"z = {gate:.3f}, half-life {np.log(0.5) / np.log(gate):.1f} steps")
    axes.plot(np.tanh(pulse[0, :, 0]), color="black", linewidth=0.8, linestyle="--", label="candidate")
    axes.set(xlabel="step", ylabel="state")


def variants(axes: Axes) -> None:
    """Draw one unit of eight, with the same inputs and weights, for three positions of the reset gate."""
    inputs = np.random.default_rng(SEED + 1).normal(0, 2, (1, 40, 1))
    for reset in GATES:
        states = gru(inputs, random(reset, units=8, scale=2.0)).outputs[0, :, 0]
        axes.plot(states, label=f"reset {reset}" if reset != "none" else "no reset gate")
    axes.set(xlabel="step", ylabel="state of the first unit")


def reach(axes: Axes) -> None:
    """Draw the gradient of the last state by each input, for several biases of the update gate."""
    time = 200
    inputs = np.random.default_rng(SEED + 1).normal(0, 1, (1, time, 1))
    for bias in (-8.0, 0.0, 2.0, 4.0):
        parameters = random("after", units=32, update_bias=bias)
        gradient = gru_backward(inputs, parameters, grad_final_state=np.ones((1, 32))).inputs[0, ::-1, 0]
        label = f"bias {bias:+.0f}" + (", z nearly 0: a plain recurrent network" if bias < 0 else "")
        axes.semilogy(np.abs(gradient), label=label)
    axes.set(
        xlabel="steps before the last",
        ylabel="size of the gradient to the input",
        ylim=(np.finfo(np.float64).eps, None),
    )


def errors(axes: Axes) -> None:
    """Draw a float32 run and its steps: their distances from the exact run and the exact steps, and the proven
    bounds.
    """
    time, units = 80, 4
    claim = load("reference").capabilities.arithmetic["float32"]
    weights = (array.astype(np.float32) for array in random("after", units).weights)
    parameters = Parameters(*weights, "after")
    inputs = np.random.default_rng(SEED + 1).normal(0, 1, (1, time, 1)).astype(np.float32)
    start, states = np.zeros((1, units), np.float32), gru(inputs, parameters).outputs
    with precision(BITS):
        every = np.ones((1, time), bool)
        run = run_forward(Proven(claim), parameters, inputs, start, every, range(time))
        away = abs(exactly(states) - run.states).astype(np.float64)[0]
    step = OneStep(parameters, claim)(inputs[0], np.concatenate([start, states[0, :-1]]))
    shown = {
        "whole run: proven bound": (run.errors.astype(np.float64)[0], "C0", "--"),
        "whole run: error": (away, "C0", "-"),
        "each step: proven bound": (step.bound.astype(np.float64), "C1", "--"),
        "each step: error": (np.abs(step.errors(states[0])), "C1", "-"),
    }
    for label, (values, color, style) in shown.items():
        (line,) = axes.semilogy(values.max(axis=1), label=label, color=color, linestyle=style)
        if label != "whole run: proven bound":
            line.set_gid(VARIES)  # float32 exp and tanh are rounded differently on other processors
    axes.set(xlabel="step", ylabel="largest error over the units, float32")


def _drawn(name: str, what: Callable[[Axes], None]) -> str:
    """An SVG whose description contains its numbers, so that a test can recognize an old one."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    what(axes)
    axes.legend(fontsize="small")
    lines = [line for line in axes.lines if line.get_gid() != VARIES]
    numbers = " ".join(f"{value:.6g}" for line in lines for value in np.asarray(line.get_ydata()))
    told = {"Date": None, "Description": f"drawn from {hashlib.sha256(numbers.encode()).hexdigest()}"}
    file = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata=told)
    return file.getvalue()


FIGURES: dict[str, Callable[[], str]] = {
    name: partial(_drawn, name, what)
    for name, what in {
        "gru-memory.svg": memory,
        "gru-variants.svg": variants,
        "gru-reach.svg": reach,
        "gru-errors.svg": errors,
    }.items()
} | {"gru-gates.svg": gates.drawn, "scoreboard.svg": heat_map.drawn}
