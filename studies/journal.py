"""The journal of a long run: a line of JSON for each result, so that a run that was stopped goes on where it was."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

Question = TypeVar("Question", bound=tuple[Any, ...])


def entries(file: Path) -> Iterator[dict[str, Any]]:
    """The objects in a file, if there is one. A line that holds none, such as one cut short, does not count."""
    for line in file.read_text(errors="replace").splitlines() if file.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def answered(
    work: Callable[..., Any],
    questions: Iterable[Question],
    processes: int,
    file_of: Callable[[Question], Path],
    **also: Any,
) -> Iterator[tuple[Question, Any]]:
    """Each question with what work(*question) returns for it in a new process, when it is done and kept.

    work: a function of a module that returns a dataclass. also: what a line holds besides.
    """
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        futures = {pool.submit(work, *question): question for question in questions}
        try:
            for future in as_completed(futures):
                question, result = futures[future], future.result()
                with file_of(question).open("a") as file:
                    file.write(f"\n{json.dumps({**also, **asdict(result)})}\n")  # whatever stood in the last line
                yield question, result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
