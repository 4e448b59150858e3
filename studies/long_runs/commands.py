"""The commands of long runs over many cases, seeds or pairs."""

from pathlib import Path

import click
from rich.progress import Progress, track
from rich.table import Table

from studies.record import STDERR, end, head, paper


@click.command()
@click.option("--largest", type=click.IntRange(4), default=512, show_default=True, help="Units and time up to this")
def teeth(largest: int) -> None:
    """Judge honest and wrong runs at growing sizes, and list those that pass."""
    from studies.long_runs.teeth import TIMES, WIDTHS, rows, table

    head("teeth")
    sizes = [tuple(size for size in sizes if size <= largest) for sizes in (WIDTHS, TIMES)]
    found = list(track(rows(*sizes), total=None, console=STDERR, disable=not STDERR.is_terminal))
    failures = [
        f"{row.rule}, time {row.time}, units {row.units}: the honest one is caught" for row in found if row.honest_fails
    ]
    end(table(found), failures)


@click.command()
@click.option("--share", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Part of it; 0 only prints")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".alarms.jsonl",
    show_default=True,
    help="Where results are kept, to be continued",
)
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def alarms(share: float, journal: Path, processes: int) -> None:
    """Count alarms of the one-step bounds on honest runs, for each class that is claimed and each option alone."""
    from studies.long_runs.alarms import left, read, run, table

    with Progress(console=STDERR, disable=not STDERR.is_terminal) as progress:
        task = progress.add_task("chunks", total=len(left(journal, share)))
        for _ in run(journal, share, processes):
            progress.advance(task)
    head("alarms")
    found = read(journal)
    wrong = [f"{each.claim}, {each.size}, chunk {each.number}: an alarm" for each in found if each.alarms]
    end(table(found), wrong)


@click.command()
@click.option("--draws", type=click.IntRange(1), default=100, show_default=True)
@click.option("--largest", type=click.IntRange(4), default=256, show_default=True, help="Units up to this")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".smallest.jsonl",
    show_default=True,
    help="Where results are kept, to be continued",
)
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def smallest(draws: int, largest: int, journal: Path, processes: int) -> None:
    """Find the smallest fault of each kind that is caught, with numbers of full precision and with exact sums."""
    from studies.long_runs.smallest import left, read, run, table

    with Progress(console=STDERR, disable=not STDERR.is_terminal) as progress:
        task = progress.add_task("draws", total=len(left(journal, draws, largest)))
        for _ in run(journal, draws, largest, processes):
            progress.advance(task)
    head(f"smallest --draws {draws}")
    end(table(read(journal)), [])


@click.command("float64")
@click.argument("names", nargs=-1)
def double(names: tuple[str, ...]) -> None:
    """Measure released GRUs in float64: margins, and distances from certified truth. NAMES: all with gradients by
    default.
    """
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


@click.command()
@click.option("--count", type=click.IntRange(1), default=1_000_000, show_default=True, help="Steps to judge, at least")
@click.option("--first", type=click.IntRange(0), default=0, show_default=True, help="The number of the first chunk")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def steps(count: int, first: int, processes: int) -> None:
    """Judge honest emulated steps of every class by the bound of their class."""
    from studies.long_runs.steps import CLASSES, run, table, tallied

    head(f"steps --count {count} --first {first}")
    with Progress(console=STDERR, disable=not STDERR.is_terminal) as progress:
        task = progress.add_task("steps", total=count)
        found = tallied(run(first, count, processes), lambda tally: progress.advance(task, tally.judged))
    end(table(found), [f"{CLASSES[index]}: chunk {tally.chunk}" for index, tally in found.items() if tally.worst > 1])


@click.command()
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
    """Count alarms of the whole suite on honest subjects. NAMES: the reference, tf_gru:graph and keras:graph by
    default.
    """
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
        f"{name}, seed {seed}: {clause} {dtype}: {kind}: {reason}; gru-conformance again {name} {clause} {case}"
        for name, by_seed in found.items()
        for seed, (clause, dtype, kind, reason, case) in alarms(by_seed.values())
    ]
    end(table(found), wrong)


@click.command()
@click.option("--pairs", "count", type=click.IntRange(1), help="So many pairs of known mistakes, drawn; or all")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def confusion(count: int | None, processes: int) -> None:
    """Diagnose every mutant, pairs of mutants with known mistakes, and each of these beside every other mutant."""
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


@click.command()
@click.argument("names", nargs=-1)
def identified(names: tuple[str, ...]) -> None:
    """Identify the conventions of the adapters in the tree without declarations. NAMES: all available ones by
    default.
    """
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


@click.command()
@click.argument("chosen", nargs=-1)
def everything(chosen: tuple[str, ...]) -> None:
    """Run everything that takes too long for the tests, in 80 minutes. CHOSEN: only commands with one of these
    words.
    """
    from studies.long_runs.everything import COMMANDS, run, table

    commands = [command for command in COMMANDS if not chosen or {*chosen} & {*command.split()}]
    if not commands:
        raise click.UsageError(f"no command has {chosen[0]!r} in it; there are: {'; '.join(COMMANDS)}")
    head(" ".join(("everything", *chosen)), ("tensorflow", "keras"))
    tracked = track(run(commands), total=len(commands), console=STDERR, disable=not STDERR.is_terminal)
    found = list(tracked)
    end(table(found), [f"python {ran.command}: exit code {ran.code}" for ran in found if ran.code])


COMMANDS = [everything, teeth, alarms, smallest, double, steps, soak, confusion, identified]
