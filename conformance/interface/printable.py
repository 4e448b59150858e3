"""Text from other programs, made safe to print: control characters and escapes are spelled out.

A message from another program may hold anything: terminal commands, NUL, half of a surrogate pair. None of these may
reach a terminal or a file; XML cannot even represent them.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from conformance.interface.type_guards import is_list, is_object, is_tuple


def printable(text: str) -> str:
    """The text with every unprintable character escaped, except line ends."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def all_printable(message: Any) -> Any:
    """A message with all its texts printable, including those in lists, objects and data classes."""
    if isinstance(message, str):
        return printable(message)
    if is_list(message):
        return [all_printable(part) for part in message]
    if is_tuple(message) and type(message) is tuple:
        return tuple(map(all_printable, message))
    if is_object(message):
        return {all_printable(key): all_printable(part) for key, part in message.items()}
    if is_dataclass(message) and not isinstance(message, type):
        names = [field.name for field in fields(message) if field.init]
        return replace(message, **{name: all_printable(getattr(message, name)) for name in names})
    return message
