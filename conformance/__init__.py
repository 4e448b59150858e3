"""Judge any GRU against its specification.

An adapter connects a GRU to the suite. It uses these names: `Case` is a test input; `Outputs` and `Gradients` are
answers; `Capabilities` and `Arithmetic` declare what the GRU supports; `Adapter` joins a function with its
capabilities; an adapter raises `Declined` for a case that the GRU does not support.

The package consists of rooms. Each room imports only from the rooms before it: interface (case, answer, adapter),
adapters (known GRUs), truth (exact answers), bounds (answers that a claimed arithmetic allows), checks (from an answer
to a verdict), diagnosis (causes of a failure), mutants (wrong GRUs), vectors (golden cases), cli (commands and
reports). Beside the rooms stand specification (the clauses), suite (judges and diagnoses subjects) and plugin (pytest).

Examples:
    >>> import conformance
    >>> from conformance.adapters.reference import gru
    >>> conformance.Adapter(run=gru.run, capabilities=gru.capabilities).capabilities.resets
    ('after', 'before', 'none')
"""

import sys
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.interface.adapter import Adapter, Capabilities, Declined
    from conformance.interface.arithmetic import Arithmetic
    from conformance.interface.case import Case, Gradients, Outputs

__all__ = ["Adapter", "Arithmetic", "Capabilities", "Case", "Declined", "Gradients", "Outputs"]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, because a command first decides which `reference` package to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = (import_module(f"conformance.interface.{home}") for home in ("adapter", "arithmetic", "case"))
    return next(getattr(home, name) for home in homes if hasattr(home, name))


NOW = {
    "adapter": "interface.adapter",
    "arithmetic": "interface.arithmetic",
    "balls": "truth.balls",
    "case": "interface.case",
    "emulated": "mutants.emulated",
    "identify": "diagnosis.identify",
    "isolation": "suite",
    "judge": "checks.judge",
    "oracle": "truth.forward",
    "oracle_gradients": "truth.gradients",
    "oracle_tangents": "truth.tangents",
    "probe": "diagnosis.probe.probe",
    "process": "adapters.process",
    "report": "cli.report",
    "residuals": "checks.steps",
    "schemas": "interface.schemas",
    "strategies": "interface.strategies",
    "verdict": "checks.verdict",
    "whole_runs": "checks.runs",
}
"""Earlier names of modules and their present names. Both names import the same module."""


class _Elsewhere(Loader):
    """Load a module under an earlier name as the same object, so that no second copy exists."""

    def __init__(self, name: str) -> None:
        self.name = name

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self.name)


class _EarlierNames:
    """Find a module by its earlier name, and every module below it."""

    @staticmethod
    def find_spec(name: str, *where: object) -> ModuleSpec | None:
        del where
        head, dot, rest = name.removeprefix("conformance.").partition(".")
        if not name.startswith("conformance.") or head not in NOW:
            return None
        return spec_from_loader(name, _Elsewhere(f"conformance.{NOW[head]}{dot}{rest}"))


sys.meta_path.insert(
    0, _EarlierNames
)  # first, because Python would also find a folder left over from an earlier version
