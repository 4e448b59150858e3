"""The command line of the studies, by room: python -m studies NAME."""

import click

from conformance.interface.adapter import UsageError
from studies.exports.commands import exports
from studies.held_out.commands import held_out
from studies.honest.commands import honest
from studies.long_runs import commands as long_runs
from studies.matrix.command import matrix
from studies.native import commands as native
from studies.pages import commands as pages
from studies.peers.commands import peers
from studies.searches import commands as searches


class Studies(click.Group):
    """Commands that turn a missing subject, package or folder into a usage error."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command as click does."""
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


@click.group(
    cls=Studies,
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[
        *searches.COMMANDS,
        *long_runs.COMMANDS,
        *native.COMMANDS,
        held_out,
        honest,
        matrix,
        peers,
        exports,
        *pages.COMMANDS,
    ],
)
def main() -> None:
    """Studies beside the suite: searches that test its bounds, long runs, and writers of pages and figures."""


if __name__ == "__main__":
    main()
