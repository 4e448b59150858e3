"""Train a classifier of handwritten digits on two devices, then on one, and compare every weight bit for bit.

The two devices are logical CPUs of this process under tf.distribute.MirroredStrategy: each has the weights, takes half
of every batch, and the gradients of both are summed. Then one device trains on the same halves in turn and adds their
gradients. This is the same arithmetic, so the weights must be equal, not merely close.

    python examples/two_devices.py --plot losses.svg python examples/two_devices.py --epochs 2 --goal 0.5    # in short

Exit code 0: all weights are equal, and the accuracy on held-out images is at least GOAL (or --goal). Otherwise 1.

The rows of an 8x8 image are the steps of a sequence; the images come from scikit-learn. Left out: the roundings of
other or more devices; devices that fail; speed, because these devices share one CPU.
"""

import os
from collections.abc import Callable
from typing import Any

from needed import needs

needs(__file__, "click", "keras", "matplotlib", "rich", "sklearn", "tensorflow", "tf_gru")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # the two devices are CPUs

import click
import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from shared import end, goal, held_out, plot, progress
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from tf_gru import GRU

GOAL = 0.9  # this example's own limit: the accuracy on held-out images below which training has failed
DEVICES = ("CPU:0", "CPU:1")
UNITS = 32
BATCH = 64  # images, half of them for each device
RATE = 0.01

Train = Callable[[np.ndarray, np.ndarray], tf.Tensor]
"""A training step on a batch, which returns its loss."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True, help="Passes over the training images")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of split and training")
@held_out(360)
@goal(GOAL, "The accuracy on held-out images")
@plot("the losses of both trainings")
def main(epochs: int, seed: int, held_out: int, goal: float, plot: str | None) -> None:
    """Train on two devices and on one, and compare the weights."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * len(DEVICES))
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 8, 8) / 16).astype(np.float32)
    seen, unseen, labels_seen, labels_unseen = train_test_split(
        images, labels.astype(np.int32), test_size=held_out, stratify=labels, random_state=seed
    )
    models, losses = {}, {}
    with progress() as bars:
        for name, made in {"two devices": on_two_devices, "one device": on_one_device}.items():
            keras.utils.set_random_seed(seed)
            models[name], train = made()
            task = bars.add_task(name, total=epochs)
            losses[name] = fit(train, seen, labels_seen, epochs, seed, task, bars)
    equal = show(*models.values())
    said = models["two devices"](unseen).numpy().argmax(axis=1)
    accuracy = float((said == labels_unseen).mean())
    click.echo(f"held-out accuracy {accuracy:.4f} of {len(unseen)} images; goal {goal}")
    if plot is not None:
        draw(losses, plot)
    end({"all weights are equal": equal, f"the accuracy is at least {goal}": accuracy >= goal})


def classifier() -> keras.Model:
    """A GRU over the rows of an image, and a layer of logits."""
    return keras.Sequential([keras.Input((8, 8)), GRU(UNITS), keras.layers.Dense(10)])


def on_two_devices() -> tuple[keras.Model, Train]:
    """A model whose weights are on both devices; the optimizer adds both gradients."""
    strategy = tf.distribute.MirroredStrategy(DEVICES)
    with strategy.scope():
        model, optimizer = classifier(), keras.optimizers.Adam(RATE)
        optimizer.build(model.trainable_variables)

    def on_each(images, labels):
        at = tf.distribute.get_replica_context().replica_id_in_sync_group
        loss, gradients = differentiated(model, tf.gather(halves(images), at), tf.gather(halves(labels), at))
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    def train(images, labels):
        return strategy.reduce("SUM", strategy.run(on_each, (images, labels)), axis=None)

    return model, tf.function(train)


def on_one_device() -> tuple[keras.Model, Train]:
    """The same model on one device, which computes the halves in turn."""
    model, optimizer = classifier(), keras.optimizers.Adam(RATE)
    optimizer.build(model.trainable_variables)

    def train(images, labels):
        pairs = zip(tf.unstack(halves(images)), tf.unstack(halves(labels)), strict=True)
        losses, gradients = zip(*(differentiated(model, *pair) for pair in pairs), strict=True)
        optimizer.apply([total(each) for each in zip(*gradients, strict=True)], model.trainable_variables)
        return tf.add_n(losses)

    return model, tf.function(train, autograph=False)


def halves(values: tf.Tensor) -> tf.Tensor:
    """A batch split into a half for each device, along a new axis."""
    values = tf.convert_to_tensor(values)
    return tf.reshape(values, (len(DEVICES), -1, *values.shape[1:]))


def total(gradients: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """The sum of two numbers, which has the same bits in either order."""
    first, second = gradients
    return first + second


def differentiated(model: keras.Model, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The contribution of half a batch to the batch's mean loss, and its gradients."""
    with tf.GradientTape() as tape:
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
        loss = tf.reduce_sum(each) / BATCH
    return loss, tape.gradient(loss, [variable.value for variable in model.trainable_variables])


def fit(
    train: Train, images: np.ndarray, labels: np.ndarray, epochs: int, seed: int, task: Any, bars: Any
) -> list[float]:
    """The mean loss of each pass over whole batches, in an order that the seed determines."""
    order, losses = np.random.default_rng(seed), []
    for _ in range(epochs):
        shuffled = order.permutation(len(images))
        starts = range(0, len(images) - BATCH + 1, BATCH)
        batches = [shuffled[start : start + BATCH] for start in starts]
        losses.append(float(np.mean([train(images[rows], labels[rows]) for rows in batches])))
        described = f"{bars.tasks[task].description.partition(';')[0]}; loss {losses[-1]:.3f}"
        bars.update(task, advance=1, description=described)
    return losses


def show(two: keras.Model, one: keras.Model) -> bool:
    """Print the number of equal numbers in each weight. Returns True if all are equal."""
    table = Table("weight", "numbers", "equal on two devices and one")
    equal = True
    for variable, left, right in zip(two.weights, two.get_weights(), one.get_weights(), strict=True):
        same = int((left == right).sum())
        table.add_row(variable.path, str(left.size), str(same))
        equal &= same == left.size
    Console(width=100).print(table)
    return equal


def draw(losses: dict[str, list[float]], file: str) -> None:
    """Draw the mean loss of each pass: two lines, one on the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for (name, each), style in zip(losses.items(), ("-", "--"), strict=True):
        axes.plot(range(1, len(each) + 1), each, style, marker="o", label=name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="pass over the training images", ylabel="mean loss", ylim=(0, None))
    axes.legend()
    figure.savefig(file)


if __name__ == "__main__":
    main()
