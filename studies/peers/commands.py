"""The command that runs other projects' own tests."""

import click

from studies.record import end, head, json_text


@click.command()
@click.argument("words", nargs=-1)
@click.option("--page-only", is_flag=True, help="Write docs/peers.md from the record as it is")
def peers(words: tuple[str, ...], page_only: bool) -> None:
    """Run other projects' own GRU tests on every mutant, and write docs/records/peers.json and docs/peers.md.

    WORDS: Judge again only by the suites whose names begin with one of these. The default is all.
    """
    from studies.peers.record import PAGE, RECORD, SUITES, load, page, remade, table

    head("peers", ("onnx", "keras"))
    if not page_only:
        chosen = [name for name in SUITES if name.startswith(words or "")]
        if not chosen:
            raise click.UsageError(f"no suite begins with {words[0]!r}; there are {', '.join(SUITES)}")
        found = load() | remade(chosen)
        RECORD.write_text(json_text({name: found[name] for name in SUITES}))
    PAGE.write_text(page(load()))
    end(table(load()), [])
