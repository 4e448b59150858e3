"""Train a classifier of handwritten digits, then compare five GRUs that have its weights with certified truth.

The rows of an 8x8 image are the steps of a sequence. A GRU of 50 units reads them, and the mean of its outputs over
time is the input of a softmax. The trained weights are copied to every implementation. For every held-out image each
implementation returns a class, and the part of its one-step bound that it used: the worst over the image's steps and
units; 1 is all.

All classes come from one head, so that only the GRUs differ: mean over time and dense layer in float64, in NumPy.

    python examples/digits.py                   # weights that every implementation can hold python examples/digits.py
    --reset before    # the tutorial's equations python examples/digits.py --plot margins.svg python examples/digits.py
    --epochs 5 --goal 0.8 --held-out 50    # in short

Exit code 0: the accuracy is at least GOAL (or --goal), every class equals certified truth's, and no margin exceeds 1.
Otherwise 1.

Source: the tutorial "Build a Custom GRU Network Using TensorFlow" (2020), which reads 28x28 images in this way, with
reset before the product. The images come from scikit-learn. Left out: a search for a better classifier.
"""

import csv
import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from itertools import cycle
from typing import NamedTuple, TextIO

from needed import needs

needs(
    __file__,
    "click",
    "conformance",
    "flint",
    "keras",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "reference",
    "rich",
    "sklearn",
    "tensorflow",
    "tf_gru",
    "torch",
)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # the adapters' claims apply to CPU kernels

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from shared import end, epochs, goal, held_out, plot, progress

from conformance.adapters import load
from conformance.bounds import OneStep, OutsideDomain
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case
from conformance.truth.forward import certify
from reference.layouts import from_keras

GOAL = 0.95  # this example's own limit: the accuracy on held-out images below which training has failed
UNITS = 50
CHUNK = 10  # images in one piece of work
IMPLEMENTATIONS = ("reference", "tf_gru:graph", "keras:graph", "torch", "onnxruntime")


class Digits(NamedTuple):
    """The held-out images, the classifier's results for them, and its weights."""

    index: np.ndarray  # images: the place in scikit-learn's data set
    label: np.ndarray  # images
    accuracy: float
    case: Case  # the images as sequences, and the trained GRU
    dense: np.ndarray  # units classes
    dense_bias: np.ndarray  # classes

    def classes(self, outputs: np.ndarray) -> np.ndarray:
        """The class of each image from a GRU's outputs (images, time, units): one head for all, in float64."""
        logits = outputs.astype(np.float64).mean(axis=1) @ self.dense + self.dense_bias
        return logits.argmax(axis=1)


class Answer(NamedTuple):
    """One implementation's class and worst margin for each held-out image."""

    classes: np.ndarray
    margins: np.ndarray


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--epochs", "count", type=click.IntRange(1), default=20, show_default=True, help="Passes over the training images"
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of split and training")
@click.option("--reset", type=click.Choice(["after", "before"]), default="after", show_default=True)
@click.option("--csv", "csv_file", type=click.File("w", lazy=False), help="Write the table of images to this file too")
@held_out(360)
@goal(GOAL, "The accuracy on held-out images")
@plot("how much of the bound each image used")
def main(
    count: int, seed: int, reset: str, csv_file: TextIO | None, held_out: int, goal: float, plot: str | None
) -> None:
    """Train the tutorial's classifier, then compare five GRUs that have its weights."""
    with progress() as bars:
        digits = train(count, seed, reset, held_out, bars)
        grus = {name: load(name) for name in IMPLEMENTATIONS}
        declined = {name: why for name, gru in grus.items() if (why := refusal(gru, digits.case))}
        asked = {name: gru for name, gru in grus.items() if name not in declined}
        truth, answers = judge(digits, asked, bars)
    header, rows = table_of_images(digits, truth, answers)
    show(header, rows, digits, truth, answers, declined)
    right = round(digits.accuracy * len(truth))
    click.echo(f"held-out accuracy {digits.accuracy:.4f} ({right} of {len(truth)}); goal {goal}")
    if csv_file is not None:
        csv.writer(csv_file, lineterminator="\n").writerows([header, *rows])
    if plot is not None:
        draw(answers, plot)
    end(
        {
            f"the accuracy is at least {goal}": digits.accuracy >= goal,
            "every class equals the one of certified truth": all((said == truth).all() for said, _ in answers.values()),
            "no margin is over 1": all((margins <= 1).all() for _, margins in answers.values()),
        }
    )


def train(count: int, seed: int, reset: str, held_out: int, bars: Progress) -> Digits:
    """The trained classifier and the held-out images."""
    import keras  # here, because the processes that compute bounds also import this module
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    from tf_gru import GRU

    keras.utils.set_random_seed(seed)
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 8, 8) / 16).astype(np.float32)
    seen, unseen = train_test_split(np.arange(len(labels)), test_size=held_out, stratify=labels, random_state=seed)

    gru = GRU(UNITS, return_sequences=True, reset_after=reset == "after")
    mean, dense = keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((8, 8)), gru, mean, dense])
    batch_size = 64
    rate = keras.optimizers.schedules.CosineDecay(0.02, count * -(-len(seen) // batch_size))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)  # prevents overfitting to so few images
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"], jit_compile=False)
    one_hot, told = keras.utils.to_categorical(labels), epochs(bars, "training", count)
    model.fit(images[seen], one_hot[seen], epochs=count, batch_size=batch_size, verbose=0, callbacks=[told])

    said = model.predict(images[unseen], verbose=0).argmax(axis=1)
    case = Case(inputs=images[unseen], parameters=(from_keras(gru.get_weights(), reset),))
    kernel, bias = (weight.astype(np.float64) for weight in dense.get_weights())
    return Digits(unseen, labels[unseen], float((said == labels[unseen]).mean()), case, kernel, bias)


def refusal(gru: GRU, case: Case) -> str | None:
    """The reason why an implementation does not support the case, in its own words, or None if it does."""
    able = gru.capabilities
    lacking = [] if case.reset in able.resets else [f"reset {case.reset}"]
    lacking += [] if case.dtype in able.arithmetic else [case.dtype]
    return "; ".join(able.because.get(name, f"no {name}") for name in lacking) or None


def judge(digits: Digits, grus: dict[str, GRU], bars: Progress) -> tuple[np.ndarray, dict[str, Answer]]:
    """The classes of certified truth, and each implementation's answer."""
    case = digits.case
    try:
        outputs = {name: ask(gru, case).outputs for name, gru in grus.items()}
    except SubjectError as error:
        raise click.ClickException(f"an implementation gave no answer: {error}") from error
    truth = np.empty((case.batch, case.time, case.units))
    margins = {name: np.empty(case.batch) for name in grus}
    # Not forked, because TensorFlow's threads do not survive a fork. A child imports this module, but no framework.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        places: dict[Future, list[np.ndarray]] = {}
        for rows in (slice(start, start + CHUNK) for start in range(0, case.batch, CHUNK)):
            places[pool.submit(certified, case.parameters, case.inputs[rows])] = [truth[rows]]
            judged: dict[tuple[Arithmetic, bytes], Future] = {}  # equal claims and equal bits are judged once
            for name, gru in grus.items():
                claim, states = gru.capabilities.arithmetic[case.dtype], outputs[name][rows]
                key = claim, states.tobytes()
                if key not in judged:
                    judged[key] = pool.submit(worst_margins, case.parameters, claim, case.inputs[rows], states)
                places.setdefault(judged[key], []).append(margins[name][rows])
        for done in bars.track(as_completed(places), len(places), description="truth and bounds, pieces"):
            for place in places[done]:
                place[:] = done.result()
    return digits.classes(truth), {name: Answer(digits.classes(outputs[name]), margins[name]) for name in grus}


def certified(parameters: tuple, inputs: np.ndarray) -> np.ndarray:
    """The outputs (images, time, units), correctly rounded to float64."""
    (outputs,) = certify(Case(inputs=inputs, parameters=parameters)).outputs
    return outputs


def worst_margins(parameters: tuple, arithmetic: Arithmetic, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """For each image the largest part of its one-step bound that any step used, from the GRU's own previous state.

    If the states have left the domain of the bound, nothing is proven, and the margin is infinite.
    """
    previous = np.concatenate([np.zeros_like(outputs[:, :1]), outputs[:, :-1]], axis=1)
    x, h, computed = (array.reshape(-1, array.shape[-1]) for array in (inputs, previous, outputs))
    try:
        margins = OneStep(*parameters, arithmetic)(x, h).margins(computed)
    except OutsideDomain:
        if len(inputs) == 1:
            return np.full(1, np.inf)
        each = [slice(image, image + 1) for image in range(len(inputs))]
        return np.concatenate([worst_margins(parameters, arithmetic, inputs[one], outputs[one]) for one in each])
    return margins.reshape(len(inputs), -1).max(axis=1)


def table_of_images(digits: Digits, truth: np.ndarray, answers: dict[str, Answer]) -> tuple[list[str], list[list]]:
    """A row for each held-out image: index, label, the class of certified truth; then a class and a margin for each
    GRU.
    """
    header = ["image", "label", "certified"] + [f"{name} {what}" for name in answers for what in ("class", "margin")]
    columns = [digits.index, digits.label, truth, *(column for answer in answers.values() for column in answer)]
    return header, [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def show(
    header: list[str], rows: list[list], digits: Digits, truth: np.ndarray, answers: dict[str, Answer], declined: dict
) -> None:
    """Print every held-out image, then one line for each implementation."""
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    images = Table(title="held-out images: = the class of certified truth or ≠ another, and the worst margin")
    for name in [*header[:3], *answers]:
        images.add_column(name, justify="right")
    for image, label, true, *pairs in rows:
        cells = [
            f"{'=' if said == true else f'≠ {said}'} {margin:.3f}"
            for said, margin in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        images.add_row(*map(str, (image, label, true)), *cells)
    console.print(images)

    summary = Table(title="each implementation against certified truth and its own one-step bound")
    for name in ("implementation", "same class", "worst margin", "at image", "median margin"):
        summary.add_column(name, justify="left" if name == "implementation" else "right")
    for name, (classes, margins) in answers.items():
        same, at = f"{(classes == truth).sum()} of {len(truth)}", str(digits.index[margins.argmax()])
        summary.add_row(name, same, f"{margins.max():.3f}", at, f"{np.median(margins):.3f}")
    console.print(summary)
    for name, why in declined.items():
        console.print(f"{name} declined: {why}", highlight=False)


def draw(answers: dict[str, Answer], file: str) -> None:
    """Draw the number of images by the used part of the bound, for each implementation."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    bins = np.linspace(0, max(margins.max() for _, margins in answers.values()), 40)
    # A separate style for each, because two implementations with the same bits have the same line.
    for (name, (_, margins)), style in zip(answers.items(), cycle(("-", "-", "--", "-.", ":"))):
        axes.hist(margins, bins, histtype="step", linestyle=style, label=name)
    axes.set(xlabel="part of its one-step bound that an image used", ylabel="images")
    axes.legend()
    figure.savefig(file)


if __name__ == "__main__":
    main()
