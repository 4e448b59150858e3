"""The command line of the studies: python -m studies NAME."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from conformance.interface.adapter import UsageError
from studies.matrix.command import matrix
from studies.record import end, head, json_text, paper

STDERR = Console(stderr=True)


class Studies(click.Group):
    """Where a study has no such subject, no place to write or not the packages it wants, that is a usage error."""

    def invoke(self, ctx: click.Context) -> object:
        """As click does."""
        try:
            return super().invoke(ctx)
        except (UsageError, OSError) as error:
            raise click.UsageError(str(error)) from error
        except ModuleNotFoundError as error:
            extras = ".[tf,conformance,peers,report,plots]"
            raise click.UsageError(
                f"{error}: some studies want more than the suite; in a clone, with pip 25.1 or newer, "
                f"pip install -e '{extras}' --group test --group browser"
            ) from error


@click.group(cls=Studies, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Studies beside the suite: searches that test its bounds, long runs, and what writes pages and figures."""


@main.command()
@click.option("--largest", type=click.IntRange(4), default=512, show_default=True, help="Units and time up to this")
def teeth(largest: int) -> None:
    """What passes and what does not, at growing sizes."""
    from studies.long_runs.teeth import TIMES, WIDTHS, rows, table

    head("teeth")
    sizes = [tuple(size for size in sizes if size <= largest) for sizes in (WIDTHS, TIMES)]
    found = list(track(rows(*sizes), total=None, console=STDERR, disable=not STDERR.is_terminal))
    failures = [
        f"{row.rule}, time {row.time}, units {row.units}: the honest one is caught" for row in found if row.honest_fails
    ]
    end(table(found), failures)


@main.command()
@click.option("--runs", type=click.IntRange(1), default=10_000, show_default=True, help="Honest runs for each rule")
def alarms(runs: int) -> None:
    """How often the statistical rules alarm on honest runs."""
    from studies.long_runs.alarms import observed

    head("alarms")
    table = Table("rule", "honest runs", "alarms", "largest (1 is an alarm)")
    failures = []
    for closest in track(observed(runs), total=3, console=STDERR, disable=not STDERR.is_terminal):
        table.add_row(closest.rule, str(closest.runs), str(closest.alarms), f"{closest.largest:.3f}")
        if closest.alarms:
            failures.append(f"{closest.alarms} of {closest.runs} honest runs alarm by {closest.rule}")
    end(table, failures)


@main.command("float64")
@click.argument("names", nargs=-1)
def double(names: tuple[str, ...]) -> None:
    """Released GRUs in float64: margins, and distances from certified truth. NAMES: all that have gradients."""
    from conformance.adapters import REGISTERED, load
    from studies.long_runs.double import distances, judged

    chosen = names or tuple(name for name, subject in REGISTERED.items() if subject.installed)
    grus = {name: gru for name in chosen if judged(gru := load(name))}
    if lacking := [name for name in names if name not in grus]:
        raise click.UsageError(f"{lacking[0]!r} declares no gradients in float64, so nothing is judged; leave it out")
    head("float64", ("torch", "tensorflow", "keras"))
    columns = ("subject", "reset", "size", "margin", "distance", "gradients: margin", "relative distance")
    table, failures = Table(*columns), []
    for name, gru in grus.items():
        for found in distances(gru):
            table.add_row(
                name,
                found.reset,
                " x ".join(map(str, found.size)),
                f"{found.forward_margin:.3f}",
                f"{found.forward_distance:.1e}",
                f"{found.gradient_margin:.3f}",
                f"{found.gradient_distance:.1e}",
            )
            if not found.holds:
                failures.append(f"{name}, reset {found.reset}, {found.size}")
    end(table, failures)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="On smaller formats: seconds instead of minutes")
def lemmas(names: tuple[str, ...], quick: bool) -> None:
    """Every lemma, searched for a counterexample. NAMES: some of them."""
    from studies.searches.lemmas import LEMMAS, QUICK, table

    unknown = [name for name in names if name not in LEMMAS]
    if unknown:
        raise click.UsageError(f"no lemma is called {unknown[0]!r}; there are {', '.join(LEMMAS)}")
    head("lemmas")
    searches = (search for name in names or LEMMAS for search in (QUICK if quick else LEMMAS)[name]())
    found = list(track(searches, total=None, console=STDERR, disable=not STDERR.is_terminal))
    end(table(found), [f"{search.lemma}, {search.claim}: {search.at}" for search in found if not search.holds])


@main.command()
@click.option("--count", type=click.IntRange(1), default=1_000_000, show_default=True, help="Steps to judge, at least")
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, help="The number of the first chunk")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def steps(count: int, first: int, processes: int) -> None:
    """Honest emulated steps of every class, each against the bound of its class."""
    from studies.long_runs.steps import CLASSES, run, table, tallied

    head(f"steps --count {count} --first {first}")
    with Progress(console=STDERR, disable=not STDERR.is_terminal) as progress:
        task = progress.add_task("steps", total=count)
        found = tallied(run(first, count, processes), lambda tally: progress.advance(task, tally.judged))
    end(table(found), [f"{CLASSES[index]}: chunk {tally.chunk}" for index, tally in found.items() if tally.worst > 1])


@main.command()
def attained() -> None:
    """How much of each term of the bounds honest arithmetic uses."""
    from studies.searches.attained import attained as rows
    from studies.searches.attained import table

    head("attained")
    found = list(track(rows(), total=None, console=STDERR, disable=not STDERR.is_terminal))
    end(table(found), [f"{row.term}, {row.claim}: {row.used}" for row in found if not row.holds])


@main.command()
@click.argument("names", nargs=-1)
@click.option("--seeds", type=click.IntRange(1), help="For each subject, in place of its own number")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".soak",
    show_default=True,
    help="Where outcomes are kept, to be continued",
)
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def soak(names: tuple[str, ...], seeds: int | None, folder: Path, processes: int) -> None:
    """How often the whole suite alarms on honest subjects. NAMES: the reference, tf_gru:graph and keras:graph."""
    from studies.long_runs.soak import SUBJECTS, alarms, left, outcomes, table
    from studies.long_runs.soak import soak as run

    unknown = [name for name in names if name not in SUBJECTS]
    if unknown and seeds is None:
        raise click.UsageError(f"{unknown[0]!r} has no number of its own: say --seeds; {', '.join(SUBJECTS)} have one")
    wanted = {name: seeds or SUBJECTS[name] for name in names or SUBJECTS}
    with Progress(console=STDERR, disable=not STDERR.is_terminal) as progress:
        task = progress.add_task("seeds", total=left(folder, wanted))
        for _ in run(folder, wanted, processes):
            progress.advance(task)
    head("soak")
    found = {name: outcomes(folder, name) for name in wanted}
    wrong = [
        f"{name}, seed {seed}: {clause} {dtype}: {kind}: {reason}; python -m conformance again {name} {clause} {case}"
        for name, by_seed in found.items()
        for seed, (clause, dtype, kind, reason, case) in alarms(by_seed.values())
    ]
    end(table(found), wrong)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--page-only", is_flag=True, help="Write docs/paths.md from the record as it is")
def paths(names: tuple[str, ...], page_only: bool) -> None:
    """Every way to deploy tf_gru, judged by the suite; writes docs/paths.md. NAMES: only these are judged again."""
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


@main.command()
@click.option("--pairs", "count", type=click.IntRange(1), help="So many pairs of known mistakes, drawn; or all")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def confusion(count: int | None, processes: int) -> None:
    """What the diagnosis says of every mutant, of pairs of those whose mistake it knows, and of each beside another."""
    from studies.long_runs.confusion import LEFT_OUT, RIGHT, drawn, failures, rows, summary, table

    groups = drawn(count)
    head("confusion" if count is None else f"confusion --pairs {count}")
    asked = [subject for _, some in groups.values() for subject in some]
    given = track(rows(asked, processes), total=len(asked), console=STDERR, disable=not STDERR.is_terminal)
    found = dict(zip(asked, given, strict=True))
    for title, (total, some) in groups.items():
        counts = summary([found[subject] for subject in some], total)
        paper().print(f"{title}, {counts}", highlight=False, soft_wrap=True)
    paper().print("\nBelow: every mutant alone; then the pairs that are neither left out nor right and unique.\n")
    shown = [row for row in found.values() if len(row.subject) == 1 or row.kind not in (*LEFT_OUT, RIGHT)]
    end(table(shown), failures(list(found.values())))


@main.command()
@click.argument("names", nargs=-1)
def identified(names: tuple[str, ...]) -> None:
    """What is found of the adapters in the tree, with nothing declared. NAMES: all that can be asked here."""
    from conformance.adapters import REGISTERED, load
    from conformance.diagnosis.identify.identity import identify_in_a_process
    from studies.long_runs.identified import differences, row, subjects, table

    unknown = [name for name in names if name not in REGISTERED]
    if unknown:
        raise click.UsageError(f"no adapter is called {unknown[0]!r}; there are {', '.join(REGISTERED)}")
    head("identified")
    rows, failures = [], []
    chosen = names or subjects()
    for name in track(chosen, console=STDERR, disable=not STDERR.is_terminal):
        identity = identify_in_a_process(name, 300)
        wrong = list(differences(name, load(name), identity))
        rows.append(row(name, identity, wrong))
        failures += [f"{name}: {each}" for each in wrong]
    end(table(rows), failures)


@main.command()
@click.option("--page-only", is_flag=True, help="Write docs/peers.md from the record as it is")
def peers(page_only: bool) -> None:
    """Other projects' own GRU tests on every mutant; writes docs/records/peers.json and docs/peers.md."""
    from studies.peers.record import PAGE, RECORD, asked, load, page, table

    head("peers", ("onnx", "keras"))
    if not page_only:
        RECORD.write_text(json_text(asked()))
    PAGE.write_text(page(load()))
    end(table(load()), [])


@main.command()
def conventions() -> None:
    """How each framework lays out a GRU, asked of the converters; writes docs/conventions.md."""
    from studies.pages.conventions import PAGE, page

    _written(PAGE, page())


@main.command()
def guarantees() -> None:
    """Each clause, its check and what it catches; writes docs/specification.md, and in short README.md."""
    from studies.pages.guarantees import PAGE, README, page, readme

    _written(PAGE, page())
    _written(README, readme())


@main.command()
def tutorial() -> None:
    """Each section of the tutorial, and what holds it; writes the table of docs/tutorial.md."""
    from studies.pages.tutorial import PAGE, page

    _written(PAGE, page())


@main.command()
def figures() -> None:
    """The figures of docs/understanding-the-gru.md, computed by the reference."""
    from studies.pages.figures import FIGURES, FOLDER

    for name, drawn in FIGURES.items():
        _written(FOLDER / name, drawn())


@main.command()
def picture() -> None:
    """The picture of a report, docs/report.png: wants Chromium, and what tox -e browser installs."""
    from studies.pages.picture import FILE, drawn

    _written(FILE, drawn())


def _written(path: Path, content: str | bytes) -> None:
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent} here; go to a clone's root")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    click.echo(f"wrote {path.name}")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--page-only", is_flag=True, help="Write docs/scoreboard.md from the record as it is")
def scoreboard(names: tuple[str, ...], page_only: bool) -> None:
    """Other projects' GRUs, judged by the suite; writes docs/scoreboard.md. NAMES: only these are judged again."""
    from datetime import date

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
    end(Table("written", str(PAGE)), list(unexplained(load())))


@main.command()
@click.argument("chosen", nargs=-1)
def everything(chosen: tuple[str, ...]) -> None:
    """What takes too long for the tests, in 80 minutes. CHOSEN: only commands in which one of these words stands."""
    from studies.long_runs.everything import COMMANDS, run, table

    commands = [command for command in COMMANDS if not chosen or {*chosen} & {*command.split()}]
    if not commands:
        raise click.UsageError(f"no command has {chosen[0]!r} in it; there are: {'; '.join(COMMANDS)}")
    head(" ".join(("everything", *chosen)), ("tensorflow", "keras"))
    tracked = track(run(commands), total=len(commands), console=STDERR, disable=not STDERR.is_terminal)
    found = list(tracked)
    end(table(found), [f"python {ran.command}: exit code {ran.code}" for ran in found if ran.code])


main.add_command(matrix)


if __name__ == "__main__":
    main()
