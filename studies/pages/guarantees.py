"""The specification as a page, from the code that holds it, docs/specification.md; and in short, for the README.

Each clause with its sentence, the file of its check, the wrong GRUs that the check catches (by the matrix on record)
and the golden vectors that ask it. Left out: the proofs of the bounds (docs/error-analysis.md).
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
README = ROOT / "README.md"
BEGIN, END = "<!-- guarantees: begin -->", "<!-- guarantees: end -->"
MODULES = (step, state, time, bidirectional, gradients, contract, laws)
HEAD = """# The specification, clause by clause

What every conforming GRU does, each sentence under an id that never changes: in reports, in adapters and in notes. The
equations are code, in `reference/`; what may differ in the last bits, and why, is in
[error-analysis.md](error-analysis.md). A GRU is held to the clauses that it declares.

In the sentences below x is a step's input, h the state before it and h' the state after it; n is the candidate; z and
r, the update and the reset gate, are each the logistic function of x W + b + h U + c, with weights of its own.

A check proves nothing while it cannot fail: *catches* counts the wrong GRUs of `conformance/mutants/` that this check
finds, of all that there are ([matrix.md](matrix.md)). *Vectors* are the golden vectors that ask the clause, for those
who cannot run Python ([vectors.md](vectors.md)).

Written by `python -m studies guarantees`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_clauses(), "", *_policies()]) + "\n"


def _clauses() -> Iterator[str]:
    record = read(ROOT / RECORD)
    caught, files = killed_by_check(record), _files()
    asked = Counter(each.vector.clause for each in stored().values())
    yield f"| clause | what it says | check | catches, of {len(record.mutants)} | vectors |"
    yield "| --- | --- | --- | ---: | ---: |"
    for clause, sentence in CLAUSES.items():
        yield f"| `{clause}` | {sentence} | `{files[clause]}` | {len(caught[clause])} | {asked[clause]} |"


def _files() -> dict[str, str]:
    """Where each clause's check stands."""
    return {check.clause: f"{module.__name__.replace('.', '/')}.py" for module in MODULES for check in module.CHECKS}


def readme() -> str:
    """README.md, with the guarantees of each file of checks between the markers."""
    return with_block(README.read_text(encoding="utf-8"), "\n".join(_short()), BEGIN, END)


def _short() -> Iterator[str]:
    record = read(ROOT / RECORD)
    caught = killed_by_check(record)
    yield f"| what is guaranteed | by the clauses | wrong GRUs caught, of {len(record.mutants)} |"
    yield "| --- | --- | ---: |"
    for module in MODULES:
        clauses = [check.clause for check in module.CHECKS]
        what = (module.__doc__ or "").partition("\n")[0].rstrip(".")
        yield f"| {what} | {', '.join(clauses)} | {len(set().union(*(caught[clause] for clause in clauses)))} |"


def _policies() -> Iterator[str]:
    yield "What stands in the outputs at a masked step is a choice, made by name:"
    yield ""
    for name, sentence in POLICIES.items():
        yield f"- `{name}`: {sentence}." + ("" if name in OFFERED else " Judged where a GRU has it; not offered here.")
