"""The rows of the benchmark. Each is one call that several subjects run.

Left out: float64 and half precision, GPUs, stacked layers.
"""

from typing import NamedTuple

Shape = tuple[int, int, int, int]
"""batch, time, input_dim, units."""

SHAPES: tuple[Shape, ...] = (
    (1, 128, 64, 64),
    (128, 28, 28, 50),
    (32, 128, 128, 128),
    (64, 50, 256, 512),
    (16, 512, 64, 256),
    (256, 32, 128, 256),
)
LONG: Shape = (64, 512, 256, 512)
QUICK: tuple[Shape, ...] = SHAPES[:2]
TIMES = (64, 256, 1024, 4096)
STEPS = ("forward", "training")

GRUS = ("tf_gru:graph", "tf_gru:xla", "keras:graph", "keras:xla", "torch", "jax", "onnxruntime")
PRODUCTS = ("products:numpy", "products:torch")
MEMORY = ("tf_gru:graph", "tf_gru:xla", "tf_gru:recompute", "tf_gru:recompute-loop")
SUBJECTS = {
    "plain": (*GRUS, *PRODUCTS),
    "masked": GRUS,
    "bidirectional": (*GRUS, "one-loop"),
    "time": ("tf_gru:graph", "tf_gru:xla", "tf_gru:recompute", "keras:graph", "torch"),
    "eager": ("tf_gru:eager", "tf_gru:graph", "keras:eager", "keras:graph", "torch", "call"),
    "memory": (*MEMORY, "keras:graph", "keras:xla", "torch", "jax"),
}
"""The subjects of each section. The first one is ours, and the others are compared with it."""

SECTIONS = {
    "plain": "every row as long as the batch",
    "masked": "rows of half the time on average",
    "bidirectional": "two directions, concatenated; every row as long as the batch",
    "time": "cost against time",
    "eager": "one sequence, called eagerly and in tf.function",
    "memory": "the peak of a training step",
}


class Row(NamedTuple):
    """One row of the benchmark.

    Attributes:
        section: One of SECTIONS.
        step: One of STEPS.
        reset: "after" or "before".
        shape: (batch, time, input_dim, units).
    """

    section: str
    step: str
    reset: str
    shape: Shape

    @property
    def name(self) -> str:
        """The row's name, for --only and as a key in records."""
        return f"{self.section} {self.step} {self.reset} {'x'.join(map(str, self.shape))}"

    @property
    def ours(self) -> str:
        """The subject that the others are compared with."""
        return SUBJECTS[self.section][0]

    @property
    def masked(self) -> bool:
        """True if rows have lengths."""
        return self.section == "masked"

    @property
    def directions(self) -> int:
        """The number of directions, 1 or 2."""
        return 2 if self.section == "bidirectional" else 1


def rows(quick: bool = False) -> list[Row]:
    """All rows in the order of measurement; the quick ones are among them."""
    shapes = QUICK if quick else SHAPES
    resets = ("after",) if quick else ("after", "before")
    found = [Row("plain", step, reset, shape) for shape in shapes for reset in resets for step in STEPS]
    if quick:
        return found
    found += [Row("masked", step, "after", shape) for shape in shapes for step in STEPS]
    found += [Row("bidirectional", step, "after", shape) for shape in (*SHAPES[:3], SHAPES[5]) for step in STEPS]
    found += [Row("time", step, "after", (16, time, 128, 128)) for time in TIMES for step in STEPS]
    found += [Row("eager", step, "after", SHAPES[0]) for step in STEPS]
    return found + [Row("memory", "training", "after", shape) for shape in (*SHAPES[3:5], LONG)]


def refusal(subject: str, row: Row) -> str | None:
    """The reason why a subject does not support a row, or None."""
    if subject == "torch" and row.reset != "after":
        return "torch.nn.GRU resets after the product only"
    if subject == "onnxruntime" and row.step == "training":
        return "the runtime infers only"
    if subject == "one-loop" and row.step == "training":
        return "it has no derivative"
    return None
