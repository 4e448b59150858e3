"""The command `again`: run one clause on one case, from the 'again' line of a report."""

from pathlib import Path

import click

from conformance.cli.report import show
from conformance.cli.terminal import paper
from conformance.interface.case import Case, InvalidCase
from conformance.interface.reading import read_case
from conformance.specification import CLAUSES
from conformance.suite import judge_apart


@click.command()
@click.argument("name")
@click.argument("clause", type=click.Choice(list(CLAUSES)))
@click.argument("case")
def again(name: str, clause: str, case: str) -> None:
    """Run the check of CLAUSE on one CASE of subject NAME, as in the 'again' line of a report.

    @FILE reads the case from that file, which may also contain JSON, as for `oracle`.
    """
    try:
        text = Path(case[1:]).read_text(encoding="utf-8") if case.startswith("@") else case
        question = read_case(text)[0] if text.lstrip().startswith("{") else Case.from_text(text)
    except (OSError, UnicodeError) as error:
        todo = "name a text file that holds one"
        raise click.UsageError(f"{case}: cannot be read as a case: {error}; {todo}") from error
    except InvalidCase as error:
        raise click.UsageError(str(error)) from error
    (report,) = judge_apart((name,), "dev", (clause,), jobs=1, time_limit=300, case=question)
    show(paper(), [report], whole=True)
    raise SystemExit(report.code)
