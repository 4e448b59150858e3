"""The files that a command is asked to write: refused before anything is judged, or said where it fails after all."""

from collections.abc import Callable
from pathlib import Path

import click


def require_folders(*files: Path | None) -> None:
    """Refuse a file in a folder that is not there, and one file that is to be two."""
    given = [file for file in files if file is not None]
    for file in given:
        if not file.parent.is_dir():
            raise click.UsageError(f"{file}: there is no folder {file.parent}; make it first")
        if sum(file.resolve() == other.resolve() for other in given) > 1:
            raise click.UsageError(f"{file} is to be two files, of which the later would replace the other; name two")


def save(file: Path, writer: Callable[[Path], object]) -> None:
    """Have the file written. Raises click.UsageError where it cannot be."""
    try:
        writer(file)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror or error}; name another file") from error
