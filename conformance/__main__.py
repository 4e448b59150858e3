"""The command line: python -m conformance list | clauses | run | compare | again | diagnose | identify | oracle |
probe | vectors.
"""

from gru_conformance import main as run_with_our_names

if __name__ == "__main__":
    run_with_our_names()

import click

from conformance.cli.again import again
from conformance.cli.clauses import list_clauses
from conformance.cli.compare import compare
from conformance.cli.diagnose import diagnose
from conformance.cli.identify import identify
from conformance.cli.judge import answer
from conformance.cli.list import list_subjects
from conformance.cli.oracle import oracle
from conformance.cli.probe import probe
from conformance.cli.run import run
from conformance.cli.vectors import vectors
from gru_conformance import version


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[list_subjects, list_clauses, run, compare, again, diagnose, identify, oracle, probe, vectors, answer],
)
@click.version_option(version(), message="%(version)s")
def main() -> None:
    """Judge a GRU against its specification and certified truth."""
