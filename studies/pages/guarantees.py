"""The specification as a page, docs/specification.md, from the code that checks it; and a summary in docs/verdicts.md.

It contains each clause with its sentence, the file of its check, the wrong GRUs that the check catches (from the
recorded matrix) and its golden vectors. Left out: the proofs of the bounds (docs/error-analysis.md).
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from conformance.checks.clauses import bidirectional, contract, gradients, laws, state, step, time
from conformance.interface.case import OFFERED, POLICIES
from conformance.specification import CLAUSES
from conformance.vectors.files import stored
from studies.matrix.facts import killed_by_check
from studies.matrix.page import with_block
from studies.matrix.record import RECORD, read

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/specification.md"
SHORT = ROOT / "docs/verdicts.md"
BEGIN, END = "<!-- guarantees: begin -->", "<!-- guarantees: end -->"
MODULES = (step, state, time, bidirectional, gradients, contract, laws)
HEAD = """# The specification, clause by clause

This page lists what every conforming GRU does. Each sentence stands under an id that never changes. Reports, adapters
and notes use these ids. The equations are code, in `reference/`. [The error analysis](error-analysis.md) derives how
far the last bits may differ. A GRU is judged on the clauses that it declares.

In the sentences below x is a step's input, h is the state before the step and h' is the state after it. n is the
candidate. z is the update gate and r is the reset gate. Each gate is the logistic function of x W + b + h U + c, with
its own weights.

A check that cannot fail proves nothing. The column *catches* counts the wrong GRUs of `conformance/mutants/` that the
check finds ([all of them](matrix.md)). The column *vectors* counts the golden vectors of the clause, for readers who
cannot run Python ([the vectors](vectors.md)).

`python -m studies guarantees` writes this page.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_clauses(), "", *_policies()]) + "\n"


def _clauses() -> Iterator[str]:
    record = read(ROOT / RECORD)
    caught, files = killed_by_check(record), _files()
    asked = Counter(each.vector.clause for each in stored().values())
    yield f"| clause | sentence | check | catches, of {len(record.mutants)} | vectors |"
    yield "| --- | --- | --- | ---: | ---: |"
    for clause, sentence in CLAUSES.items():
        yield f"| `{clause}` | {sentence} | `{files[clause]}` | {len(caught[clause])} | {asked[clause]} |"


def _files() -> dict[str, str]:
    """The file of each clause's check."""
    return {check.clause: f"{module.__name__.replace('.', '/')}.py" for module in MODULES for check in module.CHECKS}


def short() -> str:
    """docs/verdicts.md, with the guarantees of each file of checks between the markers."""
    return with_block(SHORT.read_text(encoding="utf-8"), "\n".join(_short()), BEGIN, END)


def _short() -> Iterator[str]:
    record = read(ROOT / RECORD)
    caught = killed_by_check(record)
    yield f"| topic | clauses | wrong GRUs caught, of {len(record.mutants)} |"
    yield "| --- | --- | ---: |"
    for module in MODULES:
        clauses = [check.clause for check in module.CHECKS]
        topic = (module.__doc__ or "").partition("\n")[0].rstrip(".").removeprefix("Checks of the clauses about ")
        count = len(set().union(*(caught[clause] for clause in clauses)))
        yield f"| {topic[:1].upper()}{topic[1:]} | {', '.join(clauses)} | {count} |"


def _policies() -> Iterator[str]:
    yield "## Policies for masked steps"
    yield ""
    yield "The output at a masked step is a choice. Each choice has a name:"
    yield ""
    for name, sentence in POLICIES.items():
        yield f"- `{name}`: {sentence}." + (
            "" if name in OFFERED else " The suite judges it, but `reference` and `tf_gru` do not offer it."
        )
