"""Profiles for tests of a check's own cases, in which free combinations of options are not the point."""

import pytest

from conformance.checks.free_cases import Extent
from conformance.checks.judge import PROFILES, Profile

OWN = Profile(1, free=Extent(rounds=0, more=0, wide=0, long=0, lasting=0))
"""The check's own cases, without free combinations."""
OWN_OR_ALL = pytest.mark.parametrize(
    "profile", [OWN, pytest.param(PROFILES["dev"], marks=pytest.mark.long)], ids=["own", "all"]
)
"""A test's profiles: a check's own cases before every change, and all cases in long tests."""
