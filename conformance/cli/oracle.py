"""The command `oracle`: the certified answer to a case in a file, as numbers that can be cited."""

import hashlib
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click
import numpy as np

from conformance.cli.files import require_folders, save
from conformance.interface.case import Case, InvalidCase, Outputs
from conformance.interface.numbers import written
from conformance.interface.reading import read_case
from conformance.truth.balls import NotCertified
from conformance.truth.certified import Truth, truth
from gru_conformance import version


@click.command()
@click.argument("file", metavar="CASE.json", type=click.Path(path_type=Path))
@click.option("--json", "json_file", metavar="FILE", help="Write all of it, the gates too, as JSON; - is the terminal")
def oracle(file: Path, json_file: str | None) -> None:
    """Print the certified answer to the case in CASE.json: each number correctly rounded to float64, with proof.

    The file contains JSON as Case.to_json writes it, or the same keys with plain numbers in nested lists
    (docs/citing.md has an example). With the key "cotangents", {"outputs": ..., "final_state": ...}, the answer
    includes the gradients.

    Exit code 0: certified. 1: no precision settles the rounding of a number; the others are printed. 2: the file
    contains no case.
    """
    if json_file not in (None, "-"):
        require_folders(Path(json_file))
    case, cotangents = _read(file)
    try:
        found = truth(case, cotangents, every=False)
    except InvalidCase as error:
        raise click.UsageError(f"{file}: {error}") from error
    except NotCertified as error:
        raise click.ClickException(f"not certified: {error}") from error
    question = {"case": case.to_json(), "cotangents": written(cotangents)}
    digest = hashlib.sha256(json.dumps(question, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    versions = {"tf-gru": version(), "python-flint": metadata.version("python-flint")}
    report = json.dumps({"versions": versions, "sha256": digest, **question, "truth": found.to_json()}, indent=1)
    if json_file == "-":
        click.echo(report)
    else:
        click.echo("\n".join([*_numbers(found), "", *_certificate(found, versions, digest)]))
        if json_file is not None:
            save(Path(json_file), lambda file: file.write_text(report + "\n"))
    left = sum(np.isnan(number) for _, number in _all(found))
    if left:
        raise click.ClickException(f"not certified: {left} numbers need more than {found.bits} bits or have no float64")


def _read(file: Path) -> tuple[Case, Outputs | None]:
    try:
        return read_case(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(
            f"{file}: {error.strerror}; name a JSON file with a case, as Case.to_json writes it"
        ) from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is no text in UTF-8: {error.reason}; write the case as JSON") from error
    except InvalidCase as error:
        raise click.UsageError(f"{file}: {error}") from error


def _numbers(found: Truth) -> Iterator[str]:
    """Yield a line for each number: its name, 17 significant digits, and its exact value."""
    named = _all(found)
    width = max((len(name) for name, _ in named), default=0)
    for name, number in named:
        yield f"{name:<{width}}  " + ("not certified" if np.isnan(number) else f"{number:< 24.17g}  {number.hex()}")


def _all(found: Truth) -> list[tuple[str, float]]:
    """Every number of the answer and of the gradients, with its name."""
    gradients = {} if found.gradients is None else found.gradients._asdict()
    arrays = {"outputs": found.outputs, "final_state": found.final_state}
    arrays |= {f"gradients.{name}": gradient for name, gradient in gradients.items()}
    return [line for name, value in arrays.items() for line in _named(name, value)]


def _named(name: str, value: np.ndarray | tuple[np.ndarray, ...]) -> Iterator[tuple[str, float]]:
    if isinstance(value, tuple):
        for direction, part in zip(("forward", "backward"), value, strict=True):
            yield from _named(f"{name} {direction}", part)
        return
    for index, number in np.ndenumerate(value):
        yield f"{name}{list(index)}", float(number)


def _certificate(found: Truth, versions: dict[str, str], digest: str) -> Iterator[str]:
    radius = "every ball was exact" if found.radius is None else f"no ball's radius was over 2^{found.radius}"
    yield "Each number is the float64 nearest to the exact value of the equations on the case's machine numbers."
    yield f"Proof: ball arithmetic with {found.bits} bits; {radius} when the number was rounded."
    yield ""
    yield "To cite:"
    yield f"  tf-gru {versions['tf-gru']}, python -m conformance oracle (python-flint {versions['python-flint']})"
    yield f"  case sha256 {digest}"
