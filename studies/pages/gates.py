"""The figure of the gates: six steps of a GRU of four units, each number as a bar, one step after another.

The reference computes every number. The columns appear one by one within five seconds and then stay. For readers who
want no motion, all columns are visible from the start.
"""

from collections.abc import Iterator

import numpy as np

from reference import Parameters
from reference.cell import step_reset_after
from studies.pages.drawing import box, svg, text

UNITS, STEPS, SEED = 4, 6, 1
LEFT, TOP, WIDE, HIGH, BAR = 210, 50, 105, 78, 14
ROWS = (
    ("x", "input", "#6b7280", True),
    ("r", "reset gate: how much of the old state the candidate sees", "#b45309", False),
    ("n", "candidate: the state that it could move to", "#7c3aed", True),
    ("z", "update gate: how much of the old state stays", "#0f766e", False),
    ("h", "new state: z h + (1 - z) n", "#1d4ed8", True),
)
"""The letter, the words, the colour, and True for numbers between -1 and 1, False for numbers between 0 and 1."""
STYLE = (
    ".step{opacity:1}"
    "@media (prefers-reduced-motion:no-preference){.step{animation:show .4s both}"
    + "".join(f".step{t}{{animation-delay:{0.8 * t:.1f}s}}" for t in range(STEPS))
    + "}@keyframes show{from{opacity:0}to{opacity:1}}"
)


def numbers() -> list[dict[str, np.ndarray]]:
    """The numbers x, r, n, z and new h of every step."""
    draw = np.random.default_rng(SEED)
    arrays = (draw.normal(0, 1.5, shape) for shape in ((3, 1, UNITS), (3, UNITS, UNITS), (2, 3, UNITS)))
    weights = Parameters(*arrays, reset="after").weights
    inputs, h, steps = draw.uniform(-1, 1, (STEPS, 1, 1)), np.zeros((1, UNITS)), []
    for x in inputs:
        new, (_, _, z, r, n, _) = step_reset_after(x, h, weights)
        steps.append({"x": x[0], "r": r[0], "n": n[0], "z": z[0], "h": new[0]})
        h = new
    return steps


def drawn() -> str:
    """The figure as SVG."""
    height = TOP + HIGH * len(ROWS) + 20
    title = "Six steps of a GRU: input, reset gate, candidate, update gate and new state, for four units"
    return svg(LEFT + WIDE * STEPS + 10, height, title, _shapes(), STYLE)


def _shapes() -> Iterator[str]:
    for row, (letter, words, colour, signed) in enumerate(ROWS):
        y = TOP + HIGH * row
        yield text(16, y + 26, letter, 22, more=f"fill='{colour}' font-style='italic'")
        for line, part in enumerate(_lines(words)):
            yield text(42, y + 18 + 14 * line, part, 11, more="fill='#374151'")
        base = y + (HIGH - 18) / (2 if signed else 1)
        yield box(LEFT, base, WIDE * STEPS - 15, 1, "#d1d5db")
    for t, step in enumerate(numbers()):
        yield f"<g class='step step{t}'>"
        yield text(LEFT + WIDE * t + 35, TOP - 16, f"step {t + 1}", 12, "middle", "fill='#374151'")
        for row, (letter, _, colour, signed) in enumerate(ROWS):
            yield from _bars(step[letter], LEFT + WIDE * t, TOP + HIGH * row, colour, signed)
        yield "</g>"


def _bars(values: np.ndarray, x: float, y: float, colour: str, signed: bool) -> Iterator[str]:
    room = (HIGH - 18) / (2 if signed else 1)
    for unit, value in enumerate(values):
        tall = abs(float(value)) * room
        top = y + room - (tall if value >= 0 else 0)
        yield box(x + unit * (BAR + 4), top, BAR, tall, colour)


def _lines(words: str, most: int = 26) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
