"""The summary of the kill matrix that reports show: the number of wrong GRUs of each family that each check catches.

`python -m studies matrix --write` makes caught.json from the record, which is not part of an installed suite.
"""

import json
from pathlib import Path
from typing import Any

SUMMARY = Path(__file__).parent / "caught.json"


def read() -> dict[str, Any]:
    """The summary that ships with the suite."""
    return json.loads(SUMMARY.read_text())
