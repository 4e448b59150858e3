"""The commands that build the native kernel in other ways and judge each build."""

import tempfile
from pathlib import Path

import click
from rich.progress import track

from studies.record import STDERR, end, head


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="For one instruction set, with fewer calls")
def sanitizers(names: tuple[str, ...], quick: bool) -> None:
    """Run the native kernel under sanitizers, each of which first has to find planted faults. NAMES: some of them."""
    from studies.native.sanitizers import EVERYTHING, FEW, SANITIZERS, judged, supported, table

    unknown = [name for name in names if name not in SANITIZERS]
    if unknown:
        raise click.UsageError(f"no sanitizer is called {unknown[0]!r}; there are {', '.join(SANITIZERS)}")
    head(" ".join(("sanitizers", *names, *["--quick"] * quick)))
    how = (("fma",), FEW) if quick else (supported(), EVERYTHING)
    with tempfile.TemporaryDirectory() as folder:
        runs = (ran for name in names or SANITIZERS for ran in judged(Path(folder), name, *how))
        found = list(track(runs, total=None, console=STDERR, disable=not STDERR.is_terminal))
    wrong = [ran for ran in found if not ran.right]
    end(table(found), [f"{ran.sanitizer}, {ran.instruction_set}, {ran.fault}: {ran.result}" for ran in wrong])


@click.command()
@click.argument("names", nargs=-1)
def native_mutants(names: tuple[str, ...]) -> None:
    """Judge native kernels with one mistake each by the suite and by the kernel's own tests. NAMES: some of them."""
    from studies.native.mutants import MUTANTS, RIGHT, judged, table

    unknown = [name for name in names if name not in (RIGHT, *MUTANTS)]
    if unknown:
        raise click.UsageError(f"no mutant is called {unknown[0]!r}; there are {', '.join(MUTANTS)}")
    head("native-mutants")
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for each in judged(Path(folder), names or (RIGHT, *MUTANTS)):
            STDERR.print(f"{each.mutant}: {each.suite}; {each.tests}", highlight=False, soft_wrap=True)
            found.append(each)
    end(table(found), [f"{each.mutant}: {each.suite}; {each.tests}" for each in found if not each.right])


COMMANDS = [sanitizers, native_mutants]
