"""The journal of a long run: a line of JSON for each result, so that a stopped run can continue."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

Question = TypeVar("Question", bound=tuple[Any, ...])


def entries(file: Path) -> Iterator[dict[str, Any]]:
    """The objects in a file, if it exists. A line without an object, such as one cut short, is ignored."""
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
    """Yield each question with the result of work(*question) in a new process, when it is finished and stored.

    work: a function of a module that returns a dataclass. also: further content of a line.
    """
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        futures = {pool.submit(work, *question): question for question in questions}
        try:
            for future in as_completed(futures):
                question, result = futures[future], future.result()
                with file_of(question).open("a") as file:
                    file.write(f"\n{json.dumps({**also, **asdict(result)})}\n")  # the last line may be cut short
                yield question, result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
