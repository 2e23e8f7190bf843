"""Losses of events that a steward knows of: lines of JSON beside the spool, each with who said so, when and why.

A gap in the numbers of a writer never closes by itself, whatever is run again. Until somebody says why it is there, the
ledger does not balance.
"""

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from cern_assets.errors import StorageUnavailableError
from cern_assets.model.values import Value

_NAME = "known-losses.jsonl"


class KnownLoss(Value):
    """Events of a writer, by their numbers, that are known to be lost."""

    writer: str
    first: int
    last: int
    by: str
    on: dt.date
    why: str


def known_losses(folder: Path) -> tuple[KnownLoss, ...]:
    """What was said of a spool's folder. A line that says nothing of it is passed over: its loss is told again.

    Raises:
        StorageUnavailableError: the file cannot be read.
    """
    path = folder / _NAME
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unavailable("read", path, error) from error
    found = []
    for line in lines:
        try:
            found.append(KnownLoss.model_validate_json(line))
        except ValidationError:
            continue
    return tuple(found)


def note_losses(folder: Path, gaps: Sequence[tuple[str, int, int]], *, by: str, why: str) -> None:
    """Say of gaps (writer, first and last number) that they are known, and why.

    Raises:
        StorageUnavailableError: that cannot be written.
    """
    on, path = dt.datetime.now(dt.UTC).date(), folder / _NAME
    said = [KnownLoss(writer=writer, first=first, last=last, by=by, on=on, why=why) for writer, first, last in gaps]
    try:
        with path.open("ab") as file:
            # After a line that a full disk has cut, too, a line begins; an empty one says nothing.
            file.write("".join(f"\n{loss.model_dump_json()}\n" for loss in said).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unavailable("written", path, error) from error


def _unavailable(what: str, path: Path, error: OSError) -> StorageUnavailableError:
    return StorageUnavailableError(
        f"The losses that are known cannot be {what}: {error.strerror or error}.",
        uri=str(path),
        remedy="Give this user access to the file, and make room on its disk.",
    )
