"""isinstance for values of unknown type, as JSON contains them and subjects return them.

After a plain isinstance a type checker sees a list of unknown items. These functions narrow to a list of Any, whose
items still need a check.
"""

from typing import Any, TypeGuard


def is_list(value: object) -> TypeGuard[list[Any]]:
    """True if the value is a list."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """True if the value is a tuple of any length."""
    return isinstance(value, tuple)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """True if the value is a JSON object, whose keys are strings."""
    return isinstance(value, dict)
