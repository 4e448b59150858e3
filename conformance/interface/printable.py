"""Text from others, fit to be shown: control characters and escapes are spelled out, not obeyed.

A message may come from any program and hold anything: a terminal's commands, a NUL, half of a surrogate pair. None of
these may reach a terminal or a file, where XML would not even have a way to hold them.
"""


def printable(text: str) -> str:
    """The text, of which line ends alone are kept among the characters that do not print."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
