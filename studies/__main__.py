"""The command line of the studies: python -m studies NAME."""

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from studies.record import end, head

STDERR = Console(stderr=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """What the bounds and rules are themselves tested by."""


@main.command()
@click.option("--largest", type=click.IntRange(4), default=512, show_default=True, help="Units and time up to this")
def teeth(largest: int) -> None:
    """What passes and what does not, at growing sizes."""
    from studies.teeth import TIMES, WIDTHS, rows, table

    head("teeth")
    sizes = [tuple(size for size in sizes if size <= largest) for sizes in (WIDTHS, TIMES)]
    found = list(track(rows(*sizes), total=None, console=STDERR, disable=not STDERR.is_terminal))
    failures = [
        f"{row.rule}, time {row.time}, units {row.units}: the honest one is caught" for row in found if row.honest_fails
    ]
    failures += [
        f"{row.rule}, time {row.time}, units {row.units}: {name} passes"
        for row in found
        for name in row.wrong_ones_pass
    ]
    end(table(found), failures)


@main.command()
@click.option("--runs", type=click.IntRange(1), default=10_000, show_default=True, help="Honest runs for each rule")
def alarms(runs: int) -> None:
    """How often the statistical rules alarm on honest runs."""
    from studies.alarms import observed

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
    from studies.double import distances

    chosen = names or tuple(name for name, subject in REGISTERED.items() if subject.installed)
    head("float64", ("torch", "tensorflow", "keras"))
    columns = ("subject", "reset", "size", "margin", "distance", "gradients: margin", "relative distance")
    table, failures = Table(*columns), []
    for name in chosen:
        gru = load(name)
        if "float64" not in gru.capabilities.arithmetic or not gru.capabilities.gradients:
            continue
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


if __name__ == "__main__":
    main()
