"""Settings that make the tests faster: forked children, and a garbage collector with less to do."""

import gc
import multiprocessing

import pytest

IMPORTED = ["conformance.checks.judge", "conformance.diagnosis.identify.identity", "conformance.vectors.replay"]


@pytest.fixture(scope="session", autouse=True)
def children_start_at_once():
    """Fork children, except those of commands that tests run as programs, which are spawned as for users."""
    multiprocessing.set_forkserver_preload(IMPORTED)
    context = multiprocessing.get_context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiprocessing, "get_context", lambda how=None: context("forkserver" if how == "spawn" else how))
        yield


def pytest_collection_finish():
    """Freeze everything imported so far, so that no collection examines it again."""
    gc.freeze()
