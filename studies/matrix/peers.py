"""The kills of other suites on the same mutants, if they were recorded: docs/records/peers.json.

{suite: {"version": text, "mutants": {name: true if killed}}}; other content is ignored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.matrix.record import InvalidRecord

PEERS = Path("docs/records/peers.json")
"""A path in the repository; the file may be missing."""


@dataclass(frozen=True)
class Peer:
    """Another suite: its name and version, the mutants that its inputs can express, and those that it kills."""

    name: str
    version: str
    expressible: frozenset[str]
    killed: frozenset[str]


def read(path: Path) -> list[Peer]:
    """The suites that a file records; none without the file. Raises InvalidRecord for a file of another form."""
    if not path.exists():
        return []
    try:
        return [_peer(name, suite) for name, suite in json.loads(path.read_text()).items()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        expected = '{suite: {"version": text, "mutants": {name: true or false}, "not_expressible": [names]}}'
        raise InvalidRecord(f"{path} is no record of suites ({error!r}); expected {expected}") from error


def _peer(name: str, suite: dict[str, Any]) -> Peer:
    killed: dict[str, Any] = suite["mutants"]
    odd = [mutant for mutant, value in killed.items() if not isinstance(value, bool)]
    if odd:
        raise ValueError(f"{name}: {odd[0]} is {killed[odd[0]]!r}, not true or false")
    expressible = frozenset(killed) - frozenset(suite.get("not_expressible", ()))
    return Peer(name, str(suite["version"]), expressible, frozenset(key for key in killed if killed[key]))
