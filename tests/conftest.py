"""What makes the tests faster: children that are forked, and a collector that looks at less."""

import gc
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


def pytest_collection_finish():
    """What is imported by now stays: a collection need not look at it again and again."""
    gc.freeze()
