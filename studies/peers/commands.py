"""The command that runs other projects' own tests."""

import click

from studies.record import end, head, json_text


@click.command()
@click.option("--page-only", is_flag=True, help="Write docs/peers.md from the record as it is")
def peers(page_only: bool) -> None:
    """Run other projects' own GRU tests on every mutant, and write docs/records/peers.json and docs/peers.md."""
    from studies.peers.record import PAGE, RECORD, load, page, remade, table

    head("peers", ("onnx", "keras"))
    if not page_only:
        RECORD.write_text(json_text(remade()))
    PAGE.write_text(page(load()))
    end(table(load()), [])
