"""All of them by name and by kind: each is right on plain small cases and wrong in some region.

`python -m conformance run studies.held_out.second.wrong:NAME` judges one, where the root of a clone is on the path.
"""

from studies.held_out.second import calls, combinations, formats, gradients, memory, sizes, values
from studies.held_out.second.calls import *
from studies.held_out.second.combinations import *
from studies.held_out.second.formats import *
from studies.held_out.second.gradients import *
from studies.held_out.second.memory import *
from studies.held_out.second.sizes import *
from studies.held_out.second.values import *

KINDS: dict[str, list[str]] = {}
"""Names by kind."""

for _module in (sizes, combinations, gradients, values, memory, calls, formats):
    for _thing in vars(_module).values():
        if isinstance(_thing, type) and _thing.__module__ == _module.__name__ and _thing.__name__.islower():
            KINDS.setdefault(_thing.kind, []).append(_thing.__name__)

NAMES: list[str] = [name for names in KINDS.values() for name in names]
