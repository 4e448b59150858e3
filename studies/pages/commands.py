"""The commands that write a page or a figure of docs/ from judgements or computations."""

import click
from rich.table import Table

from studies.record import STDERR, end, head, json_text, written


@click.command()
@click.argument("names", nargs=-1)
@click.option("--page-only", is_flag=True, help="Write docs/paths.md from the record as it is")
def paths(names: tuple[str, ...], page_only: bool) -> None:
    """Judge every way to deploy tf_gru, and write docs/paths.md. NAMES: only these are judged again."""
    from datetime import date

    from conformance.specification import CLAUSES
    from conformance.suite import judge_apart
    from studies.pages.paths import PAGE, PATHS, RECORD, load, page, recorded, wrong

    unknown = [name for name in names if name not in PATHS]
    if unknown:
        raise click.UsageError(f"no path is called {unknown[0]!r}; there are {', '.join(PATHS)}")
    chosen = () if page_only else names or tuple(PATHS)
    for name in chosen:
        judged = recorded(judge_apart((name,), "dev", tuple(CLAUSES), jobs=1, time_limit=600), str(date.today()))
        RECORD.write_text(json_text(load() | judged))
    PAGE.write_text(page(load()))
    end(Table("written", str(PAGE)), list(wrong(load())))


@click.command()
@click.argument("names", nargs=-1)
@click.option("--page-only", is_flag=True, help="Write docs/scoreboard.md from the record as it is")
def scoreboard(names: tuple[str, ...], page_only: bool) -> None:
    """Judge other projects' GRUs, and write docs/scoreboard.md. NAMES: only these are judged again."""
    from datetime import date

    from studies.pages.heat_map import drawn
    from studies.pages.paths import recorded
    from studies.pages.scoreboard import PAGE, RECORD, SUBJECTS, judged, load, page, stored, unexplained

    unknown = [name for name in names if name not in SUBJECTS]
    if unknown:
        raise click.UsageError(f"no subject is called {unknown[0]!r}; there are {', '.join(SUBJECTS)}")
    for name in () if page_only else names or (name for name in SUBJECTS if not name.startswith("tf_gru:")):
        found = recorded([judged(name)], str(date.today()))
        RECORD.write_text(json_text(stored() | found))
        STDERR.print(f"judged {name}")
    PAGE.write_text(page(load()))
    PAGE.with_suffix(".svg").write_text(drawn())
    end(Table("written", str(PAGE)), list(unexplained(load())))


@click.command()
def conventions() -> None:
    """Write docs/conventions.md and the table of docs/adapters.md: the layout of a GRU in each framework."""
    from studies.pages.conventions import ADAPTERS, PAGE, page, signatures

    written(PAGE, page())
    written(ADAPTERS, signatures())


@click.command()
def command_line() -> None:
    """Write docs/command-line.md: every command of the suite with its options."""
    from studies.pages.command_line import PAGE, page

    written(PAGE, page())


@click.command()
def guarantees() -> None:
    """Write docs/specification.md, each clause with its check and its kills, and a summary in docs/verdicts.md."""
    from studies.pages.guarantees import PAGE, SHORT, page, short

    written(PAGE, page())
    written(SHORT, short())


@click.command()
def tutorial() -> None:
    """Write the table of docs/tutorial.md: each section of the tutorial, and the tests that check it."""
    from studies.pages.tutorial import PAGE, page

    written(PAGE, page())


@click.command()
def figures() -> None:
    """Write the figures of the GRU, its errors and the scoreboard."""
    from studies.pages.figures import FIGURES, FOLDER

    for name, drawn in FIGURES.items():
        written(FOLDER / name, drawn())


@click.command()
def picture() -> None:
    """Write docs/report.png, the picture of a report. It needs Chromium, and the packages of tox -e browser."""
    from studies.pages.picture import FILE, drawn

    written(FILE, drawn())


@click.command()
@click.option("--before", metavar="REVISION", help="A revision of the repository to compare with")
def reading(before: str | None) -> None:
    """Reading ease of every document: the Flesch-Kincaid grade. Fails where one is above 10."""
    from studies.pages.reading import MOST, at, documents, grade, now

    earlier = at(before) if before else None
    head(f"reading --before {before}" if before else "reading", packages=("textstat",))
    table = Table("page", *(["grade before"] if earlier else []), "grade")
    failures = []
    for name in documents():
        found = grade(now(name))
        old = earlier(name) if earlier else None
        table.add_row(name, *([f"{grade(old):.1f}" if old else "–"] if earlier else []), f"{found:.1f}")
        if found > MOST:
            failures.append(f"{name}: grade {found:.1f} is above {MOST}: write shorter sentences and plainer words")
    end(table, failures)


COMMANDS = [paths, scoreboard, conventions, command_line, guarantees, tutorial, figures, picture, reading]
