"""Training on several devices (two of one process, and two processes) equals training on one device, bit for bit."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("distributed.py")
WORKERS = ("first", "second")


def started(folder, name, **environment):
    """The running program."""
    return subprocess.Popen(
        [sys.executable, PROGRAM, folder, name],
        env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[2]), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def addresses() -> list[str]:
    """An address on this machine for each worker."""
    with ExitStack() as open_together:
        sockets = [open_together.enter_context(socket.socket()) for _ in WORKERS]
        for each in sockets:
            each.bind(("localhost", 0))
        return [f"localhost:{each.getsockname()[1]}" for each in sockets]


def written(folder, *running):
    """The results of these programs, by the names of their files."""
    for process in running:
        try:
            _, errors = process.communicate(timeout=240)
        finally:
            process.kill()
        assert process.returncode == 0, errors[-2000:]
    return {path.stem: list(np.load(path).values()) for path in folder.iterdir()}


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """The results of two devices of one process, and of one of them."""
    folder = tmp_path_factory.mktemp("numbers")
    return written(folder, started(folder, "mirrored"))


def test_gradients_of_two_devices_are_those_of_one(numbers):
    """Summed over the replicas, every gradient equals the gradient that one device computes for all rows."""
    for expected, actual in zip(numbers["one"], numbers["mirrored"], strict=True):
        assert expected.any()
        np.testing.assert_array_equal(expected, actual)


@pytest.mark.long
def test_gradients_of_two_processes_are_those_of_one_device(numbers, tmp_path):
    cluster = {"worker": addresses()}
    tasks = [{"cluster": cluster, "task": {"type": "worker", "index": index}} for index in range(len(WORKERS))]
    running = [started(tmp_path, name, TF_CONFIG=json.dumps(task)) for name, task in zip(WORKERS, tasks, strict=True)]
    found = written(tmp_path, *running)
    for worker in WORKERS:
        for expected, actual in zip(numbers["one"], found[worker], strict=True):
            np.testing.assert_array_equal(expected, actual)


def test_one_replica_alone_does_not_find_them(numbers):
    """A replica's own rows have another gradient, for every weight."""
    for expected, actual in zip(numbers["one"], numbers["unsummed"], strict=True):
        assert (expected != actual).any()


def test_fitting_on_two_devices_is_fitting_on_one(numbers):
    """A step of Keras' fit under MirroredStrategy equals the step for the gradients of one device."""
    for weight, gradient, fitted in zip(numbers["before"], numbers["one"], numbers["fitted"], strict=True):
        np.testing.assert_array_equal(weight - 2.0**-9 * gradient, fitted)
