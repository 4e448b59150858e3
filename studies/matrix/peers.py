"""What other suites kill of the same mutants, where that was recorded: docs/records/peers.json.

{suite: {"version": text, "mutants": {name: whether it is killed}}}; what else stands there is not read.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.matrix.record import InvalidRecord

PEERS = Path("docs/records/peers.json")
"""In the repository; it may be absent."""


@dataclass(frozen=True)
class Peer:
    """Another suite: its name and version, the mutants that its questions can express, and those that it kills."""

    name: str
    version: str
    expressible: frozenset[str]
    killed: frozenset[str]


def read(path: Path) -> list[Peer]:
    """The suites that a file records; none without the file. Raises InvalidRecord where it is something else."""
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
