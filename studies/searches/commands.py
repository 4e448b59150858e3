"""The commands that search for a counterexample of a lemma, and for the used part of a bound."""

import click
from rich.progress import track

from studies.record import STDERR, end, head


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="On smaller formats: seconds instead of minutes")
def lemmas(names: tuple[str, ...], quick: bool) -> None:
    """Search for a counterexample of every lemma. NAMES: some of them."""
    from studies.searches.lemmas import LEMMAS, QUICK, table

    unknown = [name for name in names if name not in LEMMAS]
    if unknown:
        raise click.UsageError(f"no lemma is called {unknown[0]!r}; there are {', '.join(LEMMAS)}")
    head("lemmas")
    searches = (search for name in names or LEMMAS for search in (QUICK if quick else LEMMAS)[name]())
    found = list(track(searches, total=None, console=STDERR, disable=not STDERR.is_terminal))
    end(table(found), [f"{search.lemma}, {search.claim}: {search.at}" for search in found if not search.holds])


@click.command()
def attained() -> None:
    """Measure the part of each term of the bounds that honest arithmetic uses."""
    from studies.searches.attained import attained as rows
    from studies.searches.attained import table

    head("attained")
    found = list(track(rows(), total=None, console=STDERR, disable=not STDERR.is_terminal))
    end(table(found), [f"{row.term}, {row.claim}: {row.used}" for row in found if not row.holds])


COMMANDS = [lemmas, attained]
