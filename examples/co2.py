"""Forecast carbon dioxide over Mauna Loa from a series with missing weeks, which are never filled in.

The series comes from statsmodels (Keeling and Whorf, 1958 to 2001, weekly, 59 weeks without a measurement). The
forecast is the growth over a year, thirteen weeks ahead, from the growth in the last 52 weeks; this removes the
seasons. A missing week makes two of these numbers missing. They are NaN, and the mask marks them: a masked step adds
nothing to the state and nothing to any gradient, whatever its value.

The last ten years are held out. There the forecast is compared with two simple ones: the growth stays at its last
value, and the growth equals its average. The trained GRU is compared with certified truth.

    python examples/co2.py --plot co2.svg

Exit code 0: the weights are finite, the forecast's error is below GOAL of the better simple forecast's, and the suite
finds no fault in the GRU. Otherwise 1.

Left out: a search for a better forecast, intervals, and the growth's drift over a year beyond the window.
"""

import os
from typing import NamedTuple

from needed import needs

needs(
    __file__,
    "click",
    "conformance",
    "flint",
    "keras",
    "matplotlib",
    "reference",
    "rich",
    "statsmodels",
    "tensorflow",
    "tf_gru",
)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # the adapters' claims apply to CPU kernels

import click
import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from shared import end, epochs, plot, progress
from statsmodels.datasets import co2

from conformance.adapters import load
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_run
from conformance.interface.case import Case
from reference.layouts import from_keras
from tf_gru import GRU

GOAL = 0.9  # this example's own limit: the share of the better simple forecast's error above which training has failed
YEAR, WINDOW, AHEAD = 52, 52, 13  # weeks
HELD_OUT = 10 * YEAR
UNITS = 16
JUDGED = 50  # windows with missing weeks that the suite judges


class Windows(NamedTuple):
    """Windows of known weeks, each with a week to forecast.

    Attributes:
        growth: ppm over a year, NaN where missing, (windows, WINDOW, 1).
        there: True where growth is known, (windows, WINDOW).
        wanted: The growth AHEAD weeks after the last of these weeks, (windows,).
        week: The place of that week in the series, (windows,).
    """

    growth: np.ndarray
    there: np.ndarray
    wanted: np.ndarray
    week: np.ndarray

    def only(self, which: np.ndarray | slice) -> "Windows":
        """Some of the windows."""
        return Windows(*(array[which] for array in self))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--epochs", "count", type=click.IntRange(1), default=5, show_default=True, help="Passes over the first 33 years"
)
@plot("the held-out years and their forecast")
def main(count: int, plot: str | None) -> None:
    """Train on all but ten years, forecast these, and judge the GRU."""
    measured = co2.load_pandas().data["co2"]
    windows = cut(measured.to_numpy(np.float32))
    late = windows.week >= len(measured) - HELD_OUT
    seen, unseen = windows.only(~late), windows.only(late)
    average = float(seen.wanted.mean())
    with progress() as bars:
        network = trained(seen, average, count, bars)
    forecasts = {
        "the growth stays": np.array(
            [row[there][-1, 0] for row, there in zip(unseen.growth, unseen.there, strict=True)]
        ),
        "the growth is average": np.full(len(unseen.wanted), average),
        "GRU": network.predict([unseen.growth, unseen.there], verbose=0)[:, 0],
    }
    errors = {name: float(np.sqrt(np.mean((each - unseen.wanted) ** 2))) for name, each in forecasts.items()}
    holed = seen.only(~seen.there.all(axis=1))
    finite = all(np.isfinite(weight).all() for weight in network.get_weights())
    judgement = judge(network, holed.only(slice(JUDGED)), average) if finite else None

    show(errors, len(unseen.wanted))
    Console().print(f"windows seen: {len(seen.wanted)}, {len(holed.wanted)} of them with missing weeks")
    if judgement is not None:
        Console().print(f"worst margin over {JUDGED} of those: {judgement.margin:.3f}")
    if plot is not None:
        draw(measured, unseen, forecasts["GRU"], plot)
    *simple, ours = errors.values()
    end(
        {
            "all weights are finite": finite,
            f"the GRU's error is below {GOAL} of the better simple forecast's": ours < GOAL * min(simple),
            "the suite finds nothing wrong with the GRU": judgement is not None and not judgement.findings,
        }
    )


def cut(measured: np.ndarray) -> Windows:
    """Every window of a series (weeks,) that has a known week and whose wanted week is known."""
    growth = measured[YEAR:] - measured[:-YEAR]
    there = ~np.isnan(growth)
    ends = [end for end in range(WINDOW, len(growth) - AHEAD + 1) if there[end - 1 + AHEAD]]
    ends = [end for end in ends if there[end - WINDOW : end].any()]
    wanted = np.array(ends) - 1 + AHEAD
    rows = np.array(ends)[:, None] - WINDOW + np.arange(WINDOW)
    return Windows(growth[rows][..., None], there[rows], growth[wanted], wanted + YEAR)


def trained(windows: Windows, average: float, count: int, bars: Progress) -> keras.Model:
    """A network from growth and mask to the wanted growth: a GRU, and one number from its state."""
    keras.utils.set_random_seed(1)
    growth, there = keras.Input((None, 1)), keras.Input((None,), dtype="bool")
    state = GRU(UNITS, name="gru")(growth - average, mask=there)
    network = keras.Model([growth, there], keras.layers.Dense(1)(state) + average)
    network.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    given, told = [windows.growth, windows.there], epochs(bars, "training", count)
    network.fit(given, windows.wanted, batch_size=64, epochs=count, verbose=0, callbacks=[told])
    return network


def judge(network: keras.Model, windows: Windows, average: float) -> Judgement:
    """The suite's judgement of `tf_gru` in a graph with the network's weights, over these windows."""
    subject = load("tf_gru:graph")
    parameters = from_keras(network.get_layer("gru").get_weights())
    case = Case(inputs=windows.growth - np.float32(average), parameters=(parameters,), mask=windows.there)
    return judge_run(case, subject.run(case), subject.capabilities.arithmetic[case.dtype])


def show(errors: dict[str, float], weeks: int) -> None:
    """Print a row for each forecast."""
    table = Table(title=f"{weeks} held-out weeks, {AHEAD} weeks ahead")
    table.add_column("forecast")
    table.add_column("root mean square error, ppm", justify="right")
    for name, error in errors.items():
        table.add_row(name, f"{error:.3f}")
    Console().print(table)


def draw(measured, unseen: Windows, growth: np.ndarray, file: str) -> None:
    """Draw the measurements, and the forecasts made thirteen weeks before."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    weeks, values = measured.index[unseen.week], measured.to_numpy()
    axes.plot(weeks, values[unseen.week], label="measured")
    axes.plot(weeks, values[unseen.week - YEAR] + growth, label=f"forecast {AHEAD} weeks before")
    axes.set(xlabel="year", ylabel="carbon dioxide, ppm")
    axes.legend()
    figure.savefig(file)


if __name__ == "__main__":
    main()
