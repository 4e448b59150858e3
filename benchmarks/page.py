"""Write docs/performance.md and a block of README.md from the record.

Every measured number comes from the record. LEAD, METHOD and HELD (the conclusions from one run) are text. HELD names
the day of that run; read it again before another run is published.
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

LEAD = """# How fast the layer is

A peer's time over that of `tf_gru.GRU` with its defaults in `tf.function`, float32: above 1 is ours faster.

![Ratios of all plain rows](benchmarks.svg)
"""

METHOD = """### How it is measured

`python -m benchmarks` (`pip install '.[benchmarks]'`) measures `tf_gru` beside its peers on the machine it runs on;
`--quick` does so for two shapes, and `--only` and `--peer` choose rows and peers. This page is written from
docs/records/benchmarks.json by `--write`; a test holds it to that file.

- **Rows** are batch × time × input_dim × units, in float32. *Forward* gives all outputs; a *training* step gives them
  and the gradients to the inputs and all weights for given cotangents.
- **Ours** is the layer with its defaults in `tf.function`: `tf_gru:graph`. `tf_gru:xla` is the same layer in
  `tf.function(jit_compile=True)`, where XLA's kernel runs, `tf_gru:eager` the same called as it is, `tf_gru:recompute`
  with `recompute=True`. `kernel` is the native kernel by its functions in C, without TensorFlow, and
  `kernel:one-thread` the same with one thread.
- **Peers**: `keras` is `keras.layers.GRU` (or `Bidirectional`) along the same paths, `jax` a GRU by `jax.lax.scan` in
  `jax.jit`, `torch` and `onnxruntime` their own GRUs; ONNX Runtime gets its inputs time first, as its operator wants
  them, and is not charged for the transposition. `openvino` is OpenVINO's GRUSequence, which runs oneDNN's GRU
  (`ONEDNN_VERBOSE=2` prints `lbr_gru` for reset after). `products` are the matrix products of one GRU and nothing else,
  by NumPy and by `torch.mm`, and `call` a `tf.function` of the layer's inputs and variables that computes nothing.
- **GFLOP/s** count the matrix products alone: two operations for each weight, row and step that counts, three times as
  many in training. **The peak** is what fused multiply-adds in registers reach on all cores (`fma`, C++ compiled by the
  run), with turns of its own in each row.
- **Ratios** are taken in each round between turns of a few calls, then the median over the rounds stands between its
  quartiles.
- **Nothing runs beside what is timed**: each framework has a process of its own with its default threads, and all but
  the one whose turn it is are stopped.
- **Nothing wrong is timed**: in the same run, from the same compiled function, steps are judged by the certified
  one-step bound, and gradients, to a cotangent of a few steps, by the proven bound of a run. A subject that is out of
  its bound ends the row. The distances from the reference in float64, of all numbers, are reported.

On a machine that does nothing else, `python -m benchmarks` measures what is not measured yet and may be stopped; once
it has every row, `python -m benchmarks --write` writes this page.
"""

AIMED = """The aims are this project's own. Operations a second and the share of the peak are of all cores.
"""

HELD = """### Conclusions

Conclusions from the run of 2026-11-30. Other programs ran on the machine, so the benchmarks had real-time priority
(`chrt -r 1 python -m benchmarks`). The record holds the load of each row.

- **Time of a call.** Beyond the kernel, a call of the layer takes 0.18 to 0.3 ms in small rows: `tf.function` itself
  (`call`, about 0.15 ms), reading the variables, and waking a second thread. In training it takes 0.26 to 1.4 ms, and
  more in one row. With batch 1 most of the time is this call, and the kernel takes 0.046 ms of 0.23 ms.
- **keras:xla, forward, each row: missed by batch 1** (1 × 128 × 64 × 64, after). XLA's whole program also takes little
  more than an empty call there.
- **Rows of half the time: missed where the call is a large part** (128 × 28 × 28 × 50), and by 16 × 512 × 64 × 256 and
  32 × 128 × 128 × 128 in training. Padding is not computed. But late steps have few rows, and tiles of fewer than eight
  rows reach a smaller share of the peak.
- **Two directions: missed.** Beyond batch 1 two directions take 2.0 to 2.6 times the time of one: the kernel runs
  twice, and the outputs are joined. keras:graph takes 1.7 to 2.4 times the time of one. `BiGRU` stays 1.6 to 3 times as
  fast.
- **New shapes** compile nothing: each of 200 first calls took at most 7 ms more than a second call with the same shape
  (`python -m benchmarks.new_shapes`, [records/new_shapes.txt](records/new_shapes.txt)). 40 batch sizes and 60 lengths
  take about as long as in Keras or less (`python -m benchmarks.many_shapes`,
  [records/many_shapes.txt](records/many_shapes.txt)).
- **The kernel's profile** (32 × 128 × 128 × 128, forward): about 85 % of the time are matrix products, and 15 % are
  the gates. In training the weights' gradients take about as long as each of the other two products.
- **Kept:** gates of a whole tile, first z and r, then n, so that they do not wait for each other, and inlined, with
  their constants in registers (one thread of 32 × 128 × 128 × 128: share of the peak 0.79 to 0.86). A last block of few
  units has its gates in fewer vectors (128 × 28 × 28 × 50: 0.44 to 0.56). Outputs of the second direction are not
  reversed.
- **Tried and not kept:** masked loads of the gates' arguments, which cost more branches than they save.
- **With AVX2** (`TF_GRU_ISA=avx2`) one thread reaches 0.40 to 0.42 of the same peak forward in rows with units of 128
  or more, and 0.30 in 128 × 28 × 28 × 50. AVX2 has half the lanes, so its own peak is 0.5.
"""


def page(record: dict[str, Any] | None) -> str:
    """The whole page."""
    if record is None:
        return f"{LEAD}\n{METHOD}\nNo run is on record.\n"
    machine, effort = record["machine"], record["effort"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    measured = (
        f"Measured on {record['date']}: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory'] / 2**30:.0f} GiB, {machine['system']}; the native kernel's vectors: {machine['vectors']}; "
        f"{versions}. Threads: {_threads(record)}. {effort['rounds']} rounds, each turn at least {effort['turn']} s.\n"
    )
    summary, *others = with_rows(record)
    reached = aims.table(record).markdown()
    parts = [LEAD, summary.markdown(), measured, reached, AIMED, HELD, METHOD, _losses(record)]
    return "\n".join([*parts, *(table.markdown() for table in others)])


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
