"""Arrays by name: the arrays of one GRU in a mapping that may hold a whole model; extra names are refused."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard, cast

import numpy as np

from reference.layouts.blocks import as_array
from reference.parameters import Invalid

SHOWN = 8  # names in a message, because a model has hundreds
Names = tuple[str, ...]


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """True if the value holds arrays by name."""
    return isinstance(value, Mapping)


def flat(what: str, arrays: object, separator: str, make: str) -> dict[str, Any]:
    """Values by full names; the names of nested mappings are joined by the separator.

    make: the expression that makes such a mapping. Raises Invalid for another type, and for a name that occurs twice.
    """
    if not is_mapping(arrays):
        raise Invalid(f"{what} is a {type(arrays).__name__}, but must be a mapping from names to arrays; pass {make}")
    found: dict[str, Any] = {}
    for name, value in _leaves(arrays, separator):
        if name in found:
            raise Invalid(f"{what} has two arrays named {name}, of which one would be left unread; take one away")
        found[name] = value
    return found


def _leaves(arrays: Mapping[Any, Any], separator: str, before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in arrays.items():
        name = before + (
            separator.join(str(part) for part in cast("tuple[Any, ...]", key)) if isinstance(key, tuple) else str(key)
        )
        if is_mapping(value):
            yield from _leaves(value, separator, name + separator)
        else:
            yield name, value


def under(prefix: object, everything: dict[str, Any], separator: str) -> dict[str, Any]:
    """The values under the prefix, by the rest of their names. The prefix is a module's name with or without the
    separator.

    Raises Invalid for a prefix that is not a string.
    """
    if not isinstance(prefix, str):
        raise Invalid(f"prefix is {prefix!r}, but must be a string, the beginning of the names of the GRU's arrays")
    if prefix and any(name.startswith(prefix + separator) for name in everything):
        prefix += separator  # otherwise "gru" would also be the prefix of "gru2"
    return {name.removeprefix(prefix): value for name, value in everything.items() if name.startswith(prefix)}


def chosen(
    what: str, arrays: object, choices: tuple[Names, ...], prefix: object, separator: str, make: str
) -> list[np.ndarray]:
    """The arrays under the prefix, in the order of the choice that has exactly their names. Raises Invalid."""
    everything = flat(what, arrays, separator, make)
    found = under(prefix, everything, separator)
    for names in choices:
        if set(found) == set(names):
            return [as_array(name, found[name]) for name in names]
    wanted = " or ".join(", ".join(names) for names in choices)
    strange_first = dict(sorted(found.items(), key=lambda item: any(item[0] in names for names in choices)))
    raise Invalid(
        f"{here(what, strange_first, prefix)}, but must have {wanted}, and no more{others(everything, choices)}"
    )


def here(what: str, found: dict[str, Any], prefix: object) -> str:
    """The names under the prefix, in words."""
    return f"{what} has {_short(list(found)) or 'nothing'}{f' under the prefix {prefix!r}' if prefix else ''}"


def others(everything: dict[str, Any], choices: tuple[Names, ...]) -> str:
    """A message with the prefixes under which all names of one of the choices occur."""
    ends = [(name.removesuffix(names[0]), names) for names in choices for name in everything if name.endswith(names[0])]
    whole = dict.fromkeys(repr(prefix) for prefix, names in ends if all(prefix + each in everything for each in names))
    prefixes = [prefix for prefix in whole if prefix != "''"]
    return f"; choose a GRU by its prefix: {_short(prefixes)}" if prefixes else ""


def _short(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
