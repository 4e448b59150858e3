"""isinstance for values of which nothing is known, as JSON gives them and as subjects return them.

Narrowing Any to list by isinstance leaves a type checker with a list of it knows not what; these leave a list of Any,
whose items are in turn to be looked at.
"""

from typing import Any, TypeGuard


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Whether it is a tuple, of any length."""
    return isinstance(value, tuple)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object. The keys of one are strings."""
    return isinstance(value, dict)
