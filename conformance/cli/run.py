"""The command `run`: judge subjects, print the report and write it in other forms."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from conformance.adapters import REGISTERED, load
from conformance.checks.judge import PROFILES
from conformance.checks.verdict import Subject
from conformance.cli.baseline import Baseline
from conformance.cli.files import require_folders, save
from conformance.cli.report import show, write_badge, write_json, write_junit, write_markdown, write_page
from conformance.cli.report.badge import is_endpoint
from conformance.cli.report.page import NEEDS
from conformance.cli.report.templates import require
from conformance.cli.seconds import FROM_ONE
from conformance.cli.subjects import subjects
from conformance.cli.terminal import paper, progress_bars
from conformance.interface.adapter import UsageError
from conformance.specification import CLAUSES
from conformance.suite import chosen, judge_apart

BASELINE = "A former JSON report, whose failures do not fail again"
BADGE = "... and the score as SVG, or as JSON for shields.io if FILE ends in .json"


@click.command()
@subjects
@click.option("--profile", type=click.Choice(list(PROFILES)), default="dev", show_default=True, help="How many cases")
@click.option("--clause", "clauses", multiple=True, type=click.Choice(list(CLAUSES)), help="Only this; repeatable")
@click.option("--beside", multiple=True, metavar="NAME", help="Judged too, but does not decide the exit code")
@click.option("--baseline", "baseline_file", type=click.Path(path_type=Path), metavar="FILE", help=BASELINE)
@click.option("--report-only", is_flag=True, help="Judge and print; the exit code is 0 whatever the verdicts")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="... and as JUnit XML")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="... as one HTML page")
@click.option("--markdown", "markdown_file", type=click.Path(dir_okay=False, path_type=Path), help="... as Markdown")
@click.option("--badge", "badge_file", type=click.Path(dir_okay=False, path_type=Path), help=BADGE)
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, help="At once")
@click.option("--time-limit", type=FROM_ONE, default=300, show_default=True, help="Seconds for one verdict")
def run(
    names: tuple[str, ...],
    profile: str,
    clauses: tuple[str, ...],
    beside: tuple[str, ...],
    baseline_file: Path | None,
    report_only: bool,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    markdown_file: Path | None,
    badge_file: Path | None,
    jobs: int,
    time_limit: float,
) -> None:
    """Judge subjects: registered names, module:attribute, or programs (--process COMMAND).

    Exit code 0: something was judged and nothing failed. 1: a failure or an error. 2: a usage error, a failed smoke
    stage, or declined clauses only. With --baseline, only failures that the former report does not have end with 1.
    """
    require_folders(json_file, junit_file, html_file, markdown_file, badge_file, read=(baseline_file,))
    try:
        baseline = None if baseline_file is None else Baseline(baseline_file)
        require(*(NEEDS if html_file else NEEDS[:1] if badge_file and not is_endpoint(badge_file) else ()))
        for name in beside:
            if name not in REGISTERED and ":" not in name:
                load(name)  # raises an error that names the fault; no verdict on this subject would report it
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    judged = _with_progress(tuple(dict.fromkeys(names + beside)), profile, clauses, jobs, time_limit)
    show(paper(), judged)
    if baseline is not None:
        baseline.compare(judged, profile)
        baseline.show(paper())
    writers: tuple[tuple[Path | None, Callable[[Path], object]], ...] = (
        (json_file, lambda file: write_json(file, judged, profile)),
        (junit_file, lambda file: write_junit(file, judged, baseline.known if baseline else ())),
        (markdown_file, lambda file: write_markdown(file, judged, profile, baseline.markdown if baseline else "")),
        (html_file, lambda file: write_page(file, judged, profile)),
        (badge_file, lambda file: write_badge(file, [subject for subject in judged if subject.name in names])),
    )
    for file, writer in writers:
        if file is not None:
            save(file, writer)
    if not report_only:
        decide = [subject for subject in judged if subject.name in names]
        raise SystemExit(max(baseline.code(subject) if baseline else subject.code for subject in decide))


def _with_progress(
    names: tuple[str, ...], profile: str, clauses: tuple[str, ...], jobs: int, time_limit: float
) -> list[Subject]:
    with progress_bars() as bars:
        tasks = {name: bars.add_task(name, total=None, start=False) for name in names}
        unsaid = set(names)

        def progress(subject: Subject) -> None:
            bars.start_task(tasks[subject.name])
            done, total = len(subject.verdicts), len(chosen(clauses)) * len(subject.formats)
            bars.update(tasks[subject.name], completed=done, total=total)
            ended = done == total or subject.broken is not None
            if ended and subject.name in unsaid and not bars.console.is_terminal:
                unsaid.remove(subject.name)
                bars.console.print(f"judged {subject.name}: {done} of {total}", highlight=False)

        return judge_apart(names, profile, clauses, jobs=jobs, time_limit=time_limit, progress=progress)
