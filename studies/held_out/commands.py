"""The command that judges the held-out wrong GRUs."""

from pathlib import Path

import click
from rich.progress import track
from rich.table import Table

from studies.record import STDERR, end, head, json_text


@click.command("held-out")
@click.argument("words", nargs=-1)
@click.option("--page-only", is_flag=True, help="Write docs/held-out.md from the record as it is")
@click.option("--profile", type=click.Choice(["dev", "ci", "thorough"]), default="ci", show_default=True)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".held-out",
    show_default=True,
    help="The folder of the outcomes, from which a stopped run continues",
)
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
@click.option("--explain", is_flag=True, help="Also look for the causes, which takes minutes for some of them")
def held_out(
    words: tuple[str, ...], page_only: bool, profile: str, folder: Path, processes: int, explain: bool
) -> None:
    """Judge wrong GRUs by authors who had not read the generator; writes docs/records/held-out.json and
    docs/held-out.md.

    WORDS: Judge again only those whose names begin with one of these, such as second. The default is all.
    """
    from datetime import date

    from studies.held_out.record import PAGE, RECORD, kinds, load, page, recorded
    from studies.held_out.run import NAMES, SETS, outcomes, run

    head("held-out")
    if not page_only:
        names = [name for name in NAMES if name.startswith(words or "")]
        if not names:
            raise click.UsageError(f"no name begins with {words[0]!r}; there are {', '.join(NAMES[:2])}, and others")
        before = {name: load()["subjects"][name]["caught"] for name in names}
        waiting = run(folder, profile, processes, before, explain=explain)
        for _ in track(waiting, total=None, console=STDERR, disable=not STDERR.is_terminal):
            pass
        RECORD.write_text(json_text(recorded(outcomes(folder, profile), profile, str(date.today()), load())))
    record = load()
    PAGE.write_text(page(record))
    title = f"{record['calls']} judged calls of each at {record['profile']}"
    table = Table("set", "kind", "first sight", "now", "of", "passed before", title=title)
    for group in SETS:
        for kind, counts in kinds(record, group).items():
            table.add_row(group, kind, str(counts.first), str(counts.now), str(counts.total), str(counts.passed))
    end(table, [f"{name} passes" for name in NAMES if record["subjects"][name]["caught"] is None])
