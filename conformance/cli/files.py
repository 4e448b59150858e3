"""The files that a command writes. A file that cannot be written is refused before anything is judged, where
possible.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import click


def require_folders(*files: Path | None, read: Iterable[Path | None] = ()) -> None:
    """Refuse a file in a missing folder, the same file given twice, and a file that is also read.

    Raises click.UsageError.
    """
    given = [file for file in files if file is not None]
    sources = [source.resolve() for source in read if source is not None]
    for file in given:
        if file.resolve() in sources:
            raise click.UsageError(f"{file} is read and would be replaced; write to another file")
        if not file.parent.is_dir():
            raise click.UsageError(f"{file}: there is no folder {file.parent}; create it first")
        if sum(file.resolve() == other.resolve() for other in given) > 1:
            raise click.UsageError(
                f"{file} is given for two outputs, and the second would replace the first; name two files"
            )


def save(file: Path, writer: Callable[[Path], object]) -> None:
    """Write the file. Raises click.UsageError if that fails."""
    try:
        writer(file)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror or error}; name another file") from error
