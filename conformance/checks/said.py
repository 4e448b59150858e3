"""What a subject says of itself, and of a verdict, made printable before any report has it."""

from dataclasses import replace

from conformance.checks.verdict import Subject, Verdict
from conformance.interface.printable import printable


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
