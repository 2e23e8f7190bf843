"""What discovery remembers of a collection, at `discovery/<collection>.json` on the store."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from cern_assets.errors import FileMissingError
from cern_assets.model.discovery import Asked, Notes, Seen, Sweep
from cern_assets.model.identifiers import Recid
from cern_assets.ports import FileStore

_LOG = logging.getLogger(__name__)

type _Pairs = Mapping[str, Any]


class NoteBook:
    """The notes of one collection, replaced in one step. One writer at a time is the caller's matter.

    Plain JSON and no model of pydantic's: fifty thousand records are read and written with each look.
    """

    def __init__(self, store: FileStore, collection: str) -> None:
        self._store = store
        self._path = f"discovery/{collection}.json"

    def read(self) -> Notes:
        """The notes; empty ones where there are none that can be read: then all records are looked at once more.

        Raises:
            StorageUnavailableError, TransferInterruptedError, CredentialsRefusedError: there may be notes or not.
        """
        try:
            with self._store.open(self._path) as chunks:
                return _read(json.loads(b"".join(chunks)))
        except FileMissingError:
            return Notes()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _LOG.warning("The notes %s cannot be read, and begin again: %s", self._store.uri(self._path), error)
            return Notes()

    def write(self, notes: Notes) -> None:
        """Replace the notes; they are on stable storage when this returns.

        Raises:
            StorageFullError, StorageUnavailableError, CredentialsRefusedError: the older ones are still there.
        """
        with self._store.create(self._path, size_bytes=None) as writer:
            writer.write(json.dumps(_written(notes), separators=(",", ":")).encode())
            writer.commit()


def _written(notes: Notes) -> dict[str, object]:
    sweep = notes.sweep
    return {
        "known": notes.known,
        "missing": notes.missing,
        "gone": sorted(notes.gone),
        "asked": [vars(asked) for asked in notes.asked],
        "sweep": sweep and {**vars(sweep), "done": sorted(sweep.done), "others": sorted(sweep.others)},
        "swept_at": notes.swept_at,
        "polled_at": notes.polled_at,
        "allowed": notes.allowed,
    }


def _read(said: Mapping[str, Any]) -> Notes:
    sweep = said["sweep"]
    return Notes(
        known=_seen(said["known"]),
        missing={Recid(recid): float(since) for recid, since in said["missing"].items()},
        gone=frozenset(_recids(said["gone"])),
        asked=tuple(
            Asked(**{**asked, "seen": {Recid(r): Seen(*s) if s else None for r, s in asked["seen"].items()}})
            for asked in said["asked"]
        ),
        sweep=sweep
        and Sweep(
            **{
                **sweep,
                "done": frozenset(sweep["done"]),
                "others": frozenset(sweep["others"]),
                "seen": _seen(sweep["seen"]),
            }
        ),
        swept_at=float(said["swept_at"]),
        polled_at=float(said["polled_at"]),
        allowed=int(said["allowed"]),
    )


def _seen(pairs: _Pairs) -> dict[Recid, Seen]:
    return {Recid(recid): Seen(*seen) for recid, seen in pairs.items()}


def _recids(texts: Iterable[str]) -> Iterable[Recid]:
    return (Recid(text) for text in texts)
