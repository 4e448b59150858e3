"""The record as Markdown: the page docs/matrix.md, and the block between two markers of the README.

Both follow from the record, the peers' record and the mutants' own sentences. Nothing in them is written by hand.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from conformance.mutants.emulated import Emulated
from studies.held_out import record as held_out
from studies.matrix.facts import covered, families, killed_by_check, killed_by_vectors_of, only_by, silent_vectors
from studies.matrix.peers import Peer
from studies.matrix.record import AGAIN, GROUPS, InvalidRecord, Record

BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"


def page(record: Record, peers: list[Peer]) -> str:
    """The whole page."""
    return "\n".join([*_head(record, peers), *_families(record, peers), *_checks(record), *_rows(record, peers)]) + "\n"


def _head(record: Record, peers: list[Peer]) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    yield "# The kill matrix"
    yield ""
    yield f"<!-- made by: {AGAIN} -->"
    yield ""
    yield "This page shows which check, and which golden vector, catches which wrong GRU. A wrong GRU is called a"
    yield "mutant. It makes one mistake on purpose."
    yield ""
    yield from _suites(record, peers)
    yield ""
    yield f"Each check draws its own cases. {_needed(record)}"
    yield "For another suite, only those mutants count that its inputs can reveal: [how each suite is run](peers.md)."
    yield "In the tables below a dash marks a mutant that they cannot reveal."
    yield ""
    yield f"Run on {record.date}, profile `{record.profile}`, {versions}. The record is"
    yield "[records/matrix.json](records/matrix.json). Every run of the tests judges a sample of it again."
    yield ""
    yield "![Which check and which golden vectors kill which mutant](matrix.svg)"
    yield ""


def _suites(record: Record, peers: list[Peer]) -> Iterator[str]:
    """A table: this suite and the others, and how many mutants each catches."""
    whole = len(record.mutants)
    by_checks = sum(bool(record.checks_that_kill(name)) for name in record.mutants)
    by_vectors = sum(bool(record.vectors_that_kill(name)) for name in record.mutants)
    yield "| tests | wrong GRUs caught | of those that its inputs can reveal |"
    yield "| --- | ---: | ---: |"
    yield f"| this suite, {len(record.checks)} checks | {by_checks} | {whole} |"
    yield f"| this suite, {len(record.vectors)} golden vectors | {by_vectors} | {whole} |"
    for peer in peers:
        expressible, killed = (len(names & set(record.mutants)) for names in (peer.expressible, peer.killed))
        yield f"| {peer.name} ({peer.version}) | {killed} | {expressible} |"


def _needed(record: Record) -> str:
    needed = sum(bool(killed) for killed in killed_by_check(record).values())
    alone = sum(bool(names) for names in only_by(record).values())
    return (
        f"{needed} of {len(record.checks)} checks catch at least one mutant, and {alone} catch one that no other check "
        "catches."
    )


def _wrapped(text: str, width: int = 118) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def _families(record: Record, peers: list[Peer]) -> Iterator[str]:
    yield "## By family"
    yield ""
    yield "Each row counts the mutants of a family that the check of one clause catches. The last rows count those that"
    yield "any check or any golden vector catches."
    yield ""
    named, killed = families(record), killed_by_check(record)
    yield from _table(
        ["clause", *named, "all"],
        [
            *([clause, *_of(killed[clause], named.values()), len(killed[clause])] for clause in record.checks),
            ["**any check**", *_any(named.values(), record.checks_that_kill)],
            ["**any golden vector**", *_any(named.values(), record.vectors_that_kill)],
            *([peer.name, *_of(peer.killed, named.values()), len(peer.killed & set(record.mutants))] for peer in peers),
            ["*mutants*", *map(len, named.values()), len(record.mutants)],
        ],
    )


def _of(killed: Iterable[str], families: Iterable[list[str]]) -> list[int | str]:
    return [len(set(killed) & set(names)) or "" for names in families]


def _any(families: Iterable[list[str]], by: Callable[[str], object]) -> list[int]:
    counts = [sum(bool(by(name)) for name in names) for names in families]
    return [*counts, sum(counts)]


def _checks(record: Record) -> Iterator[str]:
    yield "## By clause"
    yield ""
    yield "A check is needed where it alone catches a mutant. The last column names checks that catch all of the same"
    yield "mutants. A check with such an entry stays, because only it holds its clause and it names the mistake better."
    yield ""
    alone, beyond = only_by(record), covered(record)
    by_check, by_vectors = killed_by_check(record), killed_by_vectors_of(record)
    yield from _table(
        ["clause", "its check kills", "its vectors kill", "killed by this check alone", "all killed too by"],
        [
            [
                clause,
                len(by_check[clause]),
                len(by_vectors[clause]),
                ", ".join(f"`{name}`" for name in alone[clause]),
                ", ".join(beyond.get(clause, [])),
            ]
            for clause in record.checks
        ],
    )
    silent = silent_vectors(record)
    yield f"{len(silent)} of {len(record.vectors)} golden vectors catch no mutant (some are declined by all mutants):"
    yield from _wrapped(", ".join(f"`{name}`" for name in silent) + "." if silent else "none.")
    yield ""


def _rows(record: Record, peers: list[Peer]) -> Iterator[str]:
    known = {gru.name: gru for grus in GROUPS.values() for gru in grus}
    for family, names in families(record).items():
        yield f"## {family.capitalize()}"
        yield ""
        yield from _table(
            ["mutant", "what is wrong", "checks", "vectors", *(peer.name for peer in peers)],
            [
                [
                    *_name_and_words(known[name]),
                    len(record.checks_that_kill(name)),
                    len(record.vectors_that_kill(name)),
                    *(_mark(name, peer) for peer in peers),
                ]
                for name in names
            ],
        )
    yield "## Seen by the probe alone"
    yield ""
    yield "These are wrong by less than the bound of a step allows. `python -m conformance probe` refutes the accuracy"
    yield "that they claim."
    yield ""
    yield from _table(["mutant", "what is wrong"], [_name_and_words(known[name]) for name in record.probed])
    yield "## Equivalent"
    yield ""
    yield "These deviations are not wrong and do not count. Each has its proof."
    yield ""
    yield from _table(
        ["deviation", "what it does, and why it is not wrong"], [_name_and_words(known[n]) for n in record.equivalent]
    )


def _name_and_words(gru: Emulated) -> list[str]:
    sentence = " ".join(gru.sentence.split())
    return [f"`{gru.name}`", f"{sentence} [seen]({gru.link})" if gru.link else sentence]


def _mark(name: str, peer: Peer) -> str:
    if name not in peer.expressible:
        return "–"
    return "killed" if name in peer.killed else "survives"


def _table(columns: list[str], rows: list[list[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
    yield ""


def block(record: Record, peers: list[Peer]) -> str:
    """The summary for the README, between its markers."""
    lines = [
        *_suites(record, peers),
        unseen(),
        "",
        f"The {len(record.mutants)} wrong GRUs ship with the suite, and were written beside it: "
        "[which check catches which](docs/matrix.md).",
    ]
    return "\n".join(lines)


def unseen() -> str:
    """A row: the wrong GRUs of another author that were caught when the suite saw them for the first time."""
    every = held_out.kinds(held_out.load(), "second")["all"]
    author = "[by someone who had not read the checks](docs/held-out.md)"
    return f"| this suite, wrong GRUs {author}, at first sight | {every.first} | {every.total} |"


def with_block(readme: str, text: str, begin: str = BEGIN, end: str = END) -> str:
    """The README with the text between two markers. Raises InvalidRecord unless each marker occurs once."""
    if readme.count(begin) != 1 or readme.count(end) != 1 or readme.index(end) < readme.index(begin):
        raise InvalidRecord(
            f"README.md must have {begin} and, after it, {end}, once each: the summary goes between them"
        )
    return f"{readme.partition(begin)[0]}{begin}\n{text}\n{end}{readme.partition(end)[2]}"
