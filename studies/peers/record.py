"""The results of every suite for every mutant: the record, its table, and its page.

docs/records/peers.json: {suite: {"version", "source", "date", "tests": [names], "mutants": {name: killed},
"not_expressible": [names]}}. A mutant that a suite's interface cannot express survives it, and does not count for this
suite.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from conformance.mutants import FAMILIES, MUTANTS
from conformance.mutants.emulated import Emulated
from studies.peers import keras_suite, kernelbench, onnx_suite, webnn_suite
from studies.peers.expressible import (
    KERAS,
    KERNELBENCH,
    KERNELBENCH_FORWARD,
    ONNX,
    WEBNN,
    Interface,
    expressible,
)
from studies.peers.verdicts import Verdict

RECORD = Path(__file__).parents[2] / "docs/records/peers.json"
PAGE = RECORD.parents[1] / "peers.md"
COMMAND = "python -m studies peers"

KNOWN: dict[str, type[Emulated]] = {type(mutant).__name__: type(mutant) for mutant in MUTANTS}


@dataclass(frozen=True)
class Suite:
    """One suite: its source, a function that judges mutants by name, and the inputs that it can express."""

    source: str
    version: Callable[[], str]
    judge: Callable[[Iterable[str]], dict[str, Verdict]]
    interface: Interface
    about: str


def _each(judge: Callable[[type[Emulated]], Verdict]) -> Callable[[Iterable[str]], dict[str, Verdict]]:
    return lambda names: {name: judge(KNOWN.get(name, Emulated)) for name in names}


_LEVEL = "github.com/ScalingIntelligence/KernelBench: KernelBench/level3"
_KERNELBENCH = (
    "a problem of a benchmark for kernels that programs write: six layers of 128 units, 512 steps of 64 inputs, 3 "
    "rows, an initial state, no padding. The mutant is every layer, `torch.nn.GRU` on the CPU the model, the check in "
    "our own text: inputs and states uniform in [0, 1), torch's weights, five trials, `allclose` with the published "
    "tolerance of float32."
)
_WANTED = {
    "outputs": "the last layer's outputs at all times",
    "final": "the last states of all layers alone; with such weights a GRU forgets all but its last dozens of steps",
}

SUITES: dict[str, Suite] = {
    onnx_suite.NAME: Suite(
        "github.com/onnx/onnx: onnx/backend/test/case/node/gru.py",
        onnx_suite.version,
        _each(onnx_suite.judge),
        ONNX,
        "the node tests of GRU in `onnx.backend.test`, by their own runner with its own rtol and atol. The mutant is "
        "the backend. The operator can express both directions, lengths, an initial state and either reset. Its tests "
        "use no lengths, no initial state, and the reset gate before the product.",
    ),
    keras_suite.NAME: Suite(
        "github.com/keras-team/keras: keras/src/layers/rnn/gru_test.py",
        keras_suite.version,
        keras_suite.judge_all,
        KERAS,
        "`keras/src/layers/rnn/gru_test.py` by unittest, on Keras' NumPy backend. The mutant computes the layer's "
        "recurrence. Only tests that call it count. Dropout in training is Keras' own. Where the tests compare "
        "numbers, the weights are constants, the same in every gate.",
    ),
    webnn_suite.NAME: Suite(
        "github.com/web-platform-tests/wpt: webnn/conformance_tests: gru.https.any.js, gru_cell.https.any.js",
        webnn_suite.version,
        _each(webnn_suite.judge),
        WEBNN,
        "`gru.https.any.js` and `gru_cell.https.any.js` in `webnn/conformance_tests` of web-platform-tests. Their "
        "runner needs a browser, so their numbers are used as data. Results are compared by the distances, in units in "
        "the last place, that the tests publish. `studies/peers/webnn.json` names the source. Every case uses relu in "
        "the gates and the candidate, so a wrong logistic function or tanh does not show. The three gates have the "
        "same weights.",
    ),
    **{
        problem: Suite(
            f"{_LEVEL}/{problem.removeprefix('KernelBench ').replace(' ', '_')}.py",
            kernelbench.version,
            _each(partial(kernelbench.judge, problem=problem)),
            KERNELBENCH if directions == 2 else KERNELBENCH_FORWARD,
            f"{_KERNELBENCH} In {('one direction', 'two directions')[directions - 1]}, it wants {_WANTED[want]}.",
        )
        for problem, (directions, want) in kernelbench.PROBLEMS.items()
    },
}


def remade(names: Iterable[str] = tuple(SUITES)) -> dict[str, Any]:
    """Make the record of some suites again: every mutant. Raises RuntimeError if a suite fails the honest GRU."""
    found = {}
    for name in names:
        suite = SUITES[name]
        verdicts = suite.judge(["Emulated", *KNOWN])
        honest = verdicts.pop("Emulated")
        if honest.killed:
            raise RuntimeError(f"{name} fails the honest GRU in {', '.join(honest.failed)}; the adapter is wrong")
        found[name] = {
            "version": suite.version(),
            "source": suite.source,
            "date": str(date.today()),
            "tests": list(honest.tests),
            "mutants": {mutant: verdict.killed for mutant, verdict in verdicts.items()},
            "not_expressible": [
                mutant
                for mutant, kind in KNOWN.items()
                if not verdicts[mutant].killed and not expressible(kind, suite.interface)
            ],
        }
    return found


def load() -> dict[str, Any]:
    """The stored record."""
    return json.loads(RECORD.read_text())


def stale(record: dict[str, Any]) -> str | None:
    """A command to repair a record that names other suites or mutants than the present ones; None if it is up to
    date.
    """
    wrong = set(record) ^ set(SUITES)
    for suite in record.values():
        wrong |= set(suite["mutants"]) ^ set(KNOWN)
    return f"{RECORD} is not of {', '.join(sorted(wrong))}; run {COMMAND}" if wrong else None


def counts(suite: dict[str, Any], names: Iterable[str]) -> tuple[int, int]:
    """The killed and the expressible mutants among these names."""
    chosen = [name for name in names if name not in suite["not_expressible"]]
    return sum(suite["mutants"][name] for name in chosen), len(chosen)


def rows(record: dict[str, Any]) -> list[list[str]]:
    """Rows by family: the number of mutants, and for each suite the killed of the expressible ones; all families
    last.
    """
    families = {family: [type(mutant).__name__ for mutant in members] for family, members in FAMILIES.items()}
    families["all"] = list(KNOWN)
    return [
        [family, str(len(names)), *("{} of {}".format(*counts(suite, names)) for suite in record.values())]
        for family, names in families.items()
    ]


def table(record: dict[str, Any]) -> Table:
    """The rows as a table for a terminal or a text file."""
    made = Table("family", "mutants", *(f"{name} ({suite['version']})" for name, suite in record.items()))
    for row in rows(record):
        made.add_row(*row)
    return made


def page(record: dict[str, Any]) -> str:
    """docs/peers.md: the method, the counts, and the mutants that each suite misses."""
    lines = [
        "# Other GRU test suites on the same mutants",
        "",
        "This page runs other test suites on the same wrong GRUs (mutants). Each suite keeps its own data and",
        "tolerances, and the correct GRU passes all of it. The suites have their own aims, and these mutants were made",
        "for our suite. The counts say which of these mistakes the tests notice, and nothing else about the projects.",
        "",
        f"`{COMMAND}` writes this page. [The record](records/peers.json) names every test.",
        "",
    ]
    for name, suite in record.items():
        lines += [
            f"- **{name}** ({suite['version']}, {suite['date']}, {len(suite['tests'])} tests): {SUITES[name].about}"
        ]
    lines += [
        "",
        "A cell counts the mutants that the suite catches, of those that its inputs could reveal. A mutant counts as",
        "revealable if any input that the suite's interface allows, tested or not, tells it from the correct GRU.",
        "Random draws decide this (`studies/peers/expressible.py`).",
        "",
        f"| family | mutants | {' | '.join(record)} |",
        f"|---|---:|{'---:|' * len(record)}",
        *(f"| {' | '.join(row)} |" for row in rows(record)),
        "",
        "## Mutants that survive",
        "",
    ]
    for name, suite in record.items():
        left = [m for m in suite["mutants"] if not suite["mutants"][m] and m not in suite["not_expressible"]]
        lines += [f"**{name}**: {', '.join(f'`{mutant}`' for mutant in left) or 'none'}.", ""]
        unsaid = suite["not_expressible"]
        lines += [f"No input there could reveal: {', '.join(f'`{mutant}`' for mutant in unsaid) or 'none'}.", ""]
    return "\n".join(lines).rstrip() + "\n"
