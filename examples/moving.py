"""Move a GRU from PyTorch to a Keras model with `tf_gru`, and back, with the suite's verdict on each side.

A torch.nn.GRU learns the classes of scikit-learn's handwritten digits; the rows of an 8x8 image are the steps of a
sequence. Its weights move to `tf_gru.GRU` through the reference's layouts, as the same numbers in another order. There
one more epoch of training runs, and the weights move back. On held-out images each owner of the weights is judged by
its certified one-step bound, and the classes of both are compared.

    python examples/moving.py --plot margins.svg

Exit code 0: every move keeps every weight, the suite finds no fault, and both sides return the same classes with an
accuracy of at least GOAL. Otherwise 1.
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
    "sklearn",
    "tensorflow",
    "tf_gru",
    "torch",
)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # the adapters' claims apply to CPU kernels

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from shared import end, held_out, plot, progress

from conformance.adapters import load
from conformance.bounds import OneStep
from conformance.checks.runs import judge_run
from conformance.interface.case import Case
from reference import Parameters
from reference.layouts import from_keras, from_torch, to_keras, to_torch

GOAL = 0.9  # this example's own limit: the accuracy on held-out images below which training has failed
UNITS, CLASSES = 32, 10


class Images(NamedTuple):
    """Images (images, 8, 8) and labels (images,), seen and held out."""

    seen: np.ndarray
    seen_labels: np.ndarray
    unseen: np.ndarray
    unseen_labels: np.ndarray


class Owner(NamedTuple):
    """An owner of the weights: its GRU, its class for each held-out image, the used part of each step's bound, and
    the faults that the suite finds.
    """

    name: str
    parameters: Parameters
    classes: np.ndarray
    margins: np.ndarray
    findings: list


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--epochs", type=click.IntRange(1), default=12, show_default=True, help="Passes over the images, in torch"
)
@held_out(90)
@plot("the margins of all steps")
def main(epochs: int, held_out: int, plot: str | None) -> None:
    """Train in PyTorch, move into tf_gru, train on, and move back: the same weights, classes and verdicts."""
    images = digits(held_out)
    torch_gru, head = trained(images, epochs)
    there = owner("torch", from_torch(torch_gru.state_dict()), head, images)

    model = moved(there.parameters, head)
    here = owner("tf_gru:graph", from_keras(model.layers[0].get_weights(), "after"), head, images)
    model.fit(images.seen, images.seen_labels, verbose=0)
    later = from_keras(model.layers[0].get_weights(), "after")
    head = [weight.copy() for weight in model.layers[1].get_weights()]
    after = owner("tf_gru:graph", later, head, images)
    torch_gru.load_state_dict({name: torch.tensor(array) for name, array in to_torch(later).items()})
    back = owner("torch", from_torch(torch_gru.state_dict()), head, images)

    owners = {"trained": there, "moved": here, "trained on": after, "moved back": back}
    show(owners, images)
    if plot is not None:
        draw(owners, plot)
    end(
        {
            "the move keeps every weight": same(there.parameters, here.parameters),
            "the move back keeps every weight": same(after.parameters, back.parameters),
            "the move changes no class": bool((there.classes == here.classes).all()),
            "the move back changes no class": bool((after.classes == back.classes).all()),
            "the suite finds nothing wrong with any owner": not any(each.findings for each in owners.values()),
            f"every accuracy is at least {GOAL}": min(accuracy(each, images) for each in owners.values()) >= GOAL,
        }
    )


def digits(held_out: int) -> Images:
    """scikit-learn's digits, scaled to 0..1, with the same class proportions on both sides."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 8, 8) / 16).astype(np.float32)
    seen, unseen = train_test_split(np.arange(len(labels)), test_size=held_out, stratify=labels, random_state=1)
    return Images(images[seen], labels[seen], images[unseen], labels[unseen])


def trained(images: Images, epochs: int) -> tuple[torch.nn.GRU, list[np.ndarray]]:
    """A torch.nn.GRU whose last state a dense layer classifies, and this layer's kernel and bias in Keras' layout."""
    torch.manual_seed(1)
    gru, dense = torch.nn.GRU(8, UNITS, batch_first=True), torch.nn.Linear(UNITS, CLASSES)
    inputs, labels = torch.tensor(images.seen), torch.tensor(images.seen_labels)
    optimizer = torch.optim.Adam([*gru.parameters(), *dense.parameters()], 0.01)
    with progress() as bars:
        for _ in bars.track(range(epochs), description="training in PyTorch, epochs"):
            for batch in torch.randperm(len(inputs)).split(32):
                optimizer.zero_grad()
                _, state = gru(inputs[batch])
                torch.nn.functional.cross_entropy(dense(state[0]), labels[batch]).backward()
                optimizer.step()
    return gru, [dense.weight.detach().numpy().T.copy(), dense.bias.detach().numpy().copy()]


def moved(parameters: Parameters, head: list[np.ndarray]):
    """A Keras model with these weights, compiled for training."""
    import keras

    from tf_gru import GRU

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((8, 8)), GRU(UNITS), keras.layers.Dense(CLASSES)])
    model.layers[0].set_weights(to_keras(parameters))
    model.layers[1].set_weights(head)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001), loss, jit_compile=False)
    return model


def owner(name: str, parameters: Parameters, head: list[np.ndarray], images: Images) -> Owner:
    """The results of a suite's subject on the held-out images with these weights."""
    subject, case = load(name), Case(inputs=images.unseen, parameters=(parameters,))
    answer = subject.run(case)
    claim = subject.capabilities.arithmetic[case.dtype]
    findings = judge_run(case, answer, claim).findings
    before = np.concatenate([np.zeros_like(answer.outputs[:, :1]), answer.outputs[:, :-1]], axis=1)
    x, h, states = (array.reshape(-1, array.shape[-1]) for array in (case.inputs, before, answer.outputs))
    margins = OneStep(parameters, claim)(x, h).margins(states)
    kernel, bias = (weight.astype(np.float64) for weight in head)
    classes = (answer.final_state @ kernel + bias).argmax(axis=1)
    return Owner(name, parameters, classes, margins.max(axis=-1), findings)


def same(left: Parameters, right: Parameters) -> bool:
    """True if every weight is the same number."""
    return all(np.array_equal(one, other) for one, other in zip(left.weights, right.weights, strict=True))


def accuracy(owner: Owner, images: Images) -> float:
    """The share of held-out images with the right class."""
    return float((owner.classes == images.unseen_labels).mean())


def show(owners: dict[str, Owner], images: Images) -> None:
    """Print a row for each owner of the weights."""
    steps = owners["trained"].margins.size
    table = Table(title=f"{len(images.unseen)} held-out images; {steps} steps of each owner judged")
    for name in ("weights", "owner", "accuracy", "worst margin", "median margin"):
        table.add_column(name, justify="left" if name in ("weights", "owner") else "right")
    for when, each in owners.items():
        worst, median = f"{each.margins.max():.3f}", f"{np.median(each.margins):.3f}"
        table.add_row(when, each.name, f"{accuracy(each, images):.4f}", worst, median)
    Console().print(table)


def draw(owners: dict[str, Owner], file: str) -> None:
    """Draw the number of steps by the used part of the bound."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    bins = np.linspace(0, max(each.margins.max() for each in owners.values()), 40)
    for when, each in owners.items():
        axes.hist(each.margins, bins, histtype="step", label=f"{when}: {each.name}")
    axes.set(xlabel="part of the one-step bound that was used", ylabel="steps")
    axes.legend()
    figure.savefig(file)


if __name__ == "__main__":
    main()
