"""What a subject says of itself, fit to be shown: control characters and escapes are spelled out, not obeyed.

A message may come from any program and hold anything: a terminal's commands, a NUL, half of a surrogate pair. None of
these may reach a terminal or a file, where XML would not even have a way to hold them.
"""

from dataclasses import replace

from conformance.verdict import Subject, Verdict


def printable(text: str) -> str:
    """The text, of which line ends alone are kept among the characters that do not print."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def shown(verdict: Verdict) -> Verdict:
    """The verdict, its reason printable."""
    return replace(verdict, reason=printable(verdict.reason))


def described(subject: Subject) -> Subject:
    """What a subject says of itself, printable."""
    broken = None if subject.broken is None else printable(subject.broken)
    versions = {printable(name): printable(version) for name, version in subject.versions.items()}
    claims = {dtype: printable(claim) for dtype, claim in subject.claims.items()}
    kernels = [printable(kernel) for kernel in subject.kernels]
    return replace(subject, broken=broken, versions=versions, claims=claims, kernels=kernels)
