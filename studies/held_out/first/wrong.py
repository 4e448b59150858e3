"""All of them by name and by kind: each is a plausible fault of a kernel, wrong in some region alone.

`python -m conformance run studies.held_out.first.wrong:NAME` judges one, where the root of a clone is on the path.
"""

from studies.held_out.first import combined, numbers_in, remembered, sizes, slopes
from studies.held_out.first.combined import *
from studies.held_out.first.numbers_in import *
from studies.held_out.first.remembered import *
from studies.held_out.first.sizes import *
from studies.held_out.first.slopes import *

KINDS: dict[str, list[str]] = {}
"""Names by kind."""

for _module in (sizes, combined, slopes, numbers_in, remembered):
    for _thing in vars(_module).values():
        if isinstance(_thing, type) and _thing.__module__ == _module.__name__ and _thing.__name__.islower():
            KINDS.setdefault(_thing.kind, []).append(_thing.__name__)

NAMES: list[str] = [name for names in KINDS.values() for name in names]
