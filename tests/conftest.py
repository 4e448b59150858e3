"""The suite's children are forked from one that has imported it: processes all the same, without the time to import."""

import multiprocessing

import pytest

IMPORTED = ["conformance.checks.judge", "conformance.diagnosis.identify.identity", "conformance.vectors.replay"]


@pytest.fixture(scope="session", autouse=True)
def children_start_at_once():
    """Some are spawned as users' are: those of commands that tests run as programs."""
    multiprocessing.set_forkserver_preload(IMPORTED)
    context = multiprocessing.get_context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiprocessing, "get_context", lambda how=None: context("forkserver" if how == "spawn" else how))
        yield
