"""The registered subjects. A framework is imported only when its subject is chosen."""

from importlib.util import find_spec
from typing import NamedTuple

from conformance.adapter import GRU, UsageError, resolve


class Registered(NamedTuple):
    """Where an adapter is, the module it needs, and the extra of this distribution that brings that module."""

    target: str
    module: str
    extra: str

    @property
    def installed(self) -> bool:
        """Whether what it needs is there."""
        return find_spec(self.module) is not None


REGISTERED = {
    "reference": Registered("conformance.adapters.reference:gru", "numpy", "conformance"),
    **{
        f"tf_gru:{path}": Registered(f"conformance.adapters.tf_gru:{path}", "tensorflow", "tf")
        for path in ("eager", "graph", "xla")
    },
    **{
        f"keras:{path}": Registered(f"conformance.adapters.keras:{path}", "tensorflow", "tf")
        for path in ("eager", "graph", "xla")
    },
    "torch": Registered("conformance.adapters.torch:gru", "torch", "peers"),
    "onnxruntime": Registered("conformance.adapters.onnxruntime:gru", "onnxruntime", "peers"),
}


def load(name: str) -> GRU:
    """The adapter of a registered name, or of module:attribute. Raises UsageError with what to do."""
    if name not in REGISTERED:
        return resolve(name)
    chosen = REGISTERED[name]
    if not chosen.installed:
        todo = f"pip install 'tf-gru[{chosen.extra}]'"
        raise UsageError(f"{name!r} needs {chosen.module}, which is not installed: {todo}")
    return resolve(chosen.target)
