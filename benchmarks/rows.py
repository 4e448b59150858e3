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
TIMES = (512, 4096, 20_000)
STEPS = ("forward", "training")

PEERS = ("keras:graph", "keras:xla", "torch", "jax", "onnxruntime")
PRODUCTS = ("products:numpy", "products:torch")
KERNELS = ("kernel", "kernel:one-thread")
SUBJECTS = {
    "plain": ("tf_gru:graph", "tf_gru:xla", *PEERS, "openvino", *PRODUCTS, *KERNELS, "call", "fma"),
    "masked": ("tf_gru:graph", *PEERS, "fma"),
    "bidirectional": ("tf_gru:graph", *PEERS, "fma"),
    "time": ("tf_gru:graph", "tf_gru:recompute", "fma"),
    "eager": ("tf_gru:eager", "tf_gru:graph", "keras:eager", "keras:graph", "torch", "call", "fma"),
    "memory": ("tf_gru:graph", "tf_gru:xla", "tf_gru:recompute", "keras:graph", "keras:xla", "torch", "jax"),
}
"""The subjects of each section. The first one is ours, and the others are compared with it."""

MEASURES = ("products:", "kernel", "call", "fma")
"""Whoever's name begins so is a measure to hold times against, and no peer."""

FMA = 10**9
"""Floating-point operations of each thread in one call of fma."""

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

    @property
    def lengths(self) -> list[int]:
        """Steps that count, of each row of the batch: all, or where rows have lengths half of them on average."""
        batch, time, _, _ = self.shape
        if not self.masked:
            return [time] * batch
        return [round(1 + (time - 1) * place / (batch + 1)) for place in range(1, batch + 1)]

    @property
    def operations(self) -> int:
        """Floating-point operations of the matrix products of a call: a training step has those of three."""
        _, _, input_dim, units = self.shape
        step = 2 * (input_dim + units) * 3 * units
        return sum(self.lengths) * step * self.directions * {"forward": 1, "training": 3}[self.step]


def rows(quick: bool = False) -> list[Row]:
    """All rows in the order of measurement; the quick ones are among them."""
    shapes = QUICK if quick else SHAPES
    resets = ("after",) if quick else ("after", "before")
    found = [Row("plain", step, reset, shape) for shape in shapes for reset in resets for step in STEPS]
    if quick:
        return found
    found += [Row("masked", step, "after", shape) for shape in shapes[1:] for step in STEPS]
    found += [Row("bidirectional", step, "after", shape) for shape in (*SHAPES[:3], SHAPES[5]) for step in STEPS]
    found += [Row("time", step, "after", (16, time, 128, 128)) for time in TIMES for step in STEPS]
    found += [Row("eager", step, "after", SHAPES[0]) for step in STEPS]
    return found + [Row("memory", "training", "after", shape) for shape in (*SHAPES[3:5], LONG)]


def refusal(subject: str, row: Row) -> str | None:
    """The reason why a subject does not support a row, or None."""
    if subject == "torch" and row.reset != "after":
        return "torch.nn.GRU resets after the product only"
    if subject in ("onnxruntime", "openvino") and row.step == "training":
        return "the runtime infers only"
    return None
