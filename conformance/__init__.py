"""The suite: point it at any GRU to learn whether it is right and to which precision.

Rooms, each of which imports only from those before it: interface (a case, an answer, an adapter), adapters (the GRUs
that can be asked), truth (exact answers), bounds (what a claimed arithmetic may return), checks (from an answer to a
verdict), diagnosis (why it is wrong), mutants (wrong GRUs), vectors (golden cases), cli (commands and reports).
Beside them: specification (the clauses), suite (subjects, judged and explained), plugin (pytest).
An adapter needs these: Adapter, Capabilities, Arithmetic; Case comes in, Outputs and Gradients go out, and Declined is
raised at a case that the GRU does not do.
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
    """Import a public name when it is first used: before that, a command settles what `reference` names."""
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
"""Modules that were here before there were rooms, and where each is now; they can be imported by either name."""


class _Elsewhere(Loader):
    """Puts a module in the place of an empty one, which the import system allows: there is no second copy."""

    def __init__(self, name: str) -> None:
        self.name = name

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self.name)


class _EarlierNames:
    """Finds the module of an earlier name, and all that lies in it."""

    @staticmethod
    def find_spec(name: str, *where: object) -> ModuleSpec | None:
        del where
        head, dot, rest = name.removeprefix("conformance.").partition(".")
        if not name.startswith("conformance.") or head not in NOW:
            return None
        return spec_from_loader(name, _Elsewhere(f"conformance.{NOW[head]}{dot}{rest}"))


sys.meta_path.insert(0, _EarlierNames)  # the first, since a folder that is left of an earlier one is found, too
