"""The command `again`: run one clause on one case, from the 'again' line of a report."""

from pathlib import Path

import click

from conformance.checks.verdict import PASS
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
    for verdict in report.verdicts:
        if verdict.kind == PASS:
            calls = f"{verdict.cases} calls in a new process pass" if verdict.cases > 1 else "the call passes"
            click.echo(f"{calls}: if a run failed on this case, its answer depends on earlier calls or on chance")
    raise SystemExit(report.code)
