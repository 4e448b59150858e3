"""Write docs/performance.md and a block of README.md from the record.

Every measured number comes from the record. INTRODUCTION (the method) and HELD (the conclusions from one run) are text.
HELD names the day of that run; read it again before another run is published.
"""

from pathlib import Path
from typing import Any

from benchmarks import aims
from benchmarks.record import ROOT
from benchmarks.rows import STEPS, SUBJECTS
from benchmarks.tables import peers, slower, summaries, with_rows

PAGE = ROOT / "docs/performance.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks: written by python -m benchmarks --write -->", "<!-- end of benchmarks -->"
FOUND = "[docs/performance.md](docs/performance.md)"

INTRODUCTION = """# How fast the layer is

`python -m benchmarks` (`pip install '.[benchmarks]'`) measures `tf_gru` beside its peers on the machine it runs on;
`--quick` does so for two shapes, and `--only` and `--peer` choose rows and peers. This page is written from
docs/records/benchmarks.json by `--write`; a test holds it to that file.

- **Rows** are batch × time × input_dim × units, in float32. *Forward* gives all outputs; a *training* step gives them
  and the gradients to the inputs and all weights for given cotangents.
- **Ours** is the layer with its defaults in `tf.function`: `tf_gru:graph`. `tf_gru:xla` is the same layer in
  `tf.function(jit_compile=True)`, `tf_gru:eager` the same called as it is, `tf_gru:recompute` with `recompute=True`,
  `tf_gru:recompute-loop` with `use_native=False` besides.
- **Peers**: `keras` is `keras.layers.GRU` (or `Bidirectional`) along the same paths, `jax` a GRU by `jax.lax.scan` in
  `jax.jit`, `torch` and `onnxruntime` their own GRUs; ONNX Runtime gets its inputs time first, as its operator wants
  them, and is not charged for the transposition. `products` are the matrix products of one GRU and nothing else, by
  NumPy and by `torch.mm`. `one-loop` is what the layer does not do, both directions in one compiled loop
  (benchmarks/peers/one_loop.py), and `call` a `tf.function` that gives back its argument: what any call costs.
- **Ratios** are a peer's time over ours: above 1 is ours faster. A ratio is taken in each round between turns of a few
  calls, then the median over the rounds stands between its quartiles.
- **Nothing runs beside what is timed**: each framework has a process of its own with its default threads, and all but
  the one whose turn it is are stopped.
- **Nothing wrong is timed**: in the same run, from the same compiled function, steps are judged by the certified
  one-step bound, and gradients, to a cotangent of a few steps, by the proven bound of a run. A subject that is out of
  its bound ends the row. The distances from the reference in float64, of all numbers, are reported.

On a machine that does nothing else, `python -m benchmarks` measures what is not measured yet and may be stopped; once
it has every row, `python -m benchmarks --write` writes this page.
"""


OWN = "The aims are this project's own.\n"

HELD = """### Why some aims are missed

What the run of 2026-11-23 was taken to show:

A forward call's products alone, compiled, in a loop without gates, take nearly all of its time: `python -m
benchmarks.parts` ([records/parts.txt](records/parts.txt)). So the layer is as fast as XLA's matrix products are on
such a machine, and Keras' compiled layer, which has the same ones, is level with it where nothing is differentiated;
in training the derivative by hand is what is faster. The products of BLAS (`products:numpy`) and ONNX Runtime's
packed ones are faster than XLA's. For one sequence a good part is TensorFlow's own call (`call`), before anything is
computed.

Tried and not kept: TensorFlow's own products in a loop with compiled gates, faster at one shape and slower at the
next; oneDNN's and XNNPACK's products for XLA, less work in a product alone and no gain in the layer; both directions
in one loop (`one-loop`).

Memory: compiled, a training step holds the compiler and its code as well, some 100 MiB of the numbers below.
"""


def page(record: dict[str, Any] | None) -> str:
    """The whole page."""
    if record is None:
        return f"{INTRODUCTION}\nNo run is on record.\n"
    machine, effort = record["machine"], record["effort"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    measured = (
        f"Measured on {record['date']}: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory'] / 2**30:.0f} GiB, {machine['system']}; {versions}. Threads: {_threads(record)}. "
        f"{effort['rounds']} rounds, each turn at least {effort['turn']} s.\n"
    )
    reached = aims.table(record).markdown()
    parts = [INTRODUCTION, measured, OWN, reached, HELD, "![Ratios of all rows](benchmarks.svg)\n", _losses(record)]
    return "\n".join([*parts, *(table.markdown() for table in with_rows(record))])


def _threads(record: dict[str, Any]) -> str:
    """The threads of each subject: the largest number that it reported in any row."""
    most: dict[str, int] = {}
    for entry in record["rows"]:
        for subject, found in entry["subjects"].items():
            if "threads" in found:
                most[subject] = max(most.get(subject, 0), found["threads"])
    return ", ".join(f"{name} {count}" for name, count in most.items())


def _losses(record: dict[str, Any]) -> str:
    """The rows in which ours is slower, placed before the tables."""
    lines = [
        f"- {row.name}, {row.ours}: {subject} {value.median:.2f} ({value.low:.2f}–{value.high:.2f})"
        for row, subject, value in slower(record)
    ]
    return "### Where ours was slower than a peer\n\n" + ("\n".join(lines) or "In no row.") + "\n"


def block(record: dict[str, Any] | None) -> str:
    """The text between the markers in README.md."""
    run = "`python -m benchmarks` (`pip install '.[benchmarks]'`; `--quick` for minutes)"
    if record is None:
        return f"{run} times the layer beside its\npeers and judges each result. What it measures: {FOUND}.\n"
    means = {(peer, step): numbers.mean for peer, step, numbers, _ in summaries(record, SUBJECTS["plain"][0])}
    said = [
        f"{peer} " + " / ".join(f"{means[peer, step]:.1f}" for step in STEPS if (peer, step) in means)
        for peer in peers("plain", SUBJECTS["plain"][0])
        if (peer, "forward") in means and not peer.startswith("products:")
    ]
    return (
        f"{run} times the layer beside its\npeers and judges each result. "
        f"On {record['date']}, on {record['machine']['cores']} cores of {record['machine']['cpu']},\n"
        "peers' times over ours (forward / training, geometric means) were\n"
        f"{', '.join(said)}.\n"
        f"All rows, and where ours is slower: {FOUND}.\n"
    )


def with_block(readme: str, record: dict[str, Any] | None) -> str:
    """README.md with new text between the markers. Raises ValueError if a marker is missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md has no {END if begin else BEGIN}, so there is no place to write to; put it back")
    return f"{before}{BEGIN}\n{block(record)}{END}{after}"


def write(record: dict[str, Any], page_path: Path, readme_path: Path) -> None:
    """Write the page and the block of README.md."""
    readme = with_block(readme_path.read_text(), record)
    page_path.write_text(page(record))
    readme_path.write_text(readme)
