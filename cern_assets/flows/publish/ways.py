"""How the bytes of each file go into the repository, why so, and what is there of an earlier attempt in parts."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from cern_assets.model.checksums import Checksum
from cern_assets.model.collections import TransferPolicy
from cern_assets.model.journal import FetchBegun, JournalEntry, PartsBegun, PartSent, StreamChosen
from cern_assets.model.manifests import StoredFile
from cern_assets.model.publications import RemoteFile

_MIB = 1024**2
_LEAST_PART_BYTES, _WANTED_PARTS = 64 * _MIB, 100
_MOST_PARTS = 10_000
"""Of InvenioRDM, and of the object stores that may stand behind it."""


@dataclass(frozen=True)
class Way:
    """InvenioRDM's name of a transfer, and why it is chosen.

    `L` in one stream, `M` in parts of `part_bytes`, `F` fetched by the repository itself.
    """

    transfer: Literal["L", "M", "F"]
    reason: str
    part_bytes: int = 0


def way_of(file: StoredFile, policy: TransferPolicy, address: str) -> Way:
    """The way that the policy wants of a file, if its bytes can go it; `address` is where they lie, "" for nowhere."""
    if policy.how != "fetch":
        return _way_from_here(file, policy)
    hindered = _unfetchable(file, address)
    if not hindered:
        return Way("F", "The collection has the target fetch it")
    way = _way_from_here(file, policy.model_copy(update={"how": "auto"}))
    return replace(way, reason=f"Not fetched by the target: {hindered}. {way.reason}")


def _way_from_here(file: StoredFile, policy: TransferPolicy) -> Way:
    if policy.how == "stream":
        return Way("L", "The collection wants one stream")
    if policy.how == "auto" and file.size_bytes < policy.parts_from_bytes:
        return Way("L", f"Shorter than {policy.parts_from_bytes:,} bytes")
    if file.ref.place == "upload":
        return Way("L", "It is made while it is sent, so only from its beginning")
    if file.checksum("md5") is None:
        return Way("L", "Its MD5 is found while it is sent, so only from its beginning")
    if not file.size_bytes:
        return Way("L", "It is empty")
    reason = f"At least {policy.parts_from_bytes:,} bytes" if policy.how == "auto" else "The collection wants parts"
    return Way("M", reason, _part_bytes(file.size_bytes, policy))


def _unfetchable(file: StoredFile, address: str) -> str:
    """Why the target cannot fetch a file, or nobody could tell what it fetched; empty if neither."""
    if file.ref.place != "source":
        return "its bytes are not at the source"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return "its address is none of the web"
    if parts.username or parts.password or parts.query:
        return "its address may hold a secret"
    if file.checksum("md5") is None:
        return "the source states no MD5 to compare with"
    return ""


def _part_bytes(size_bytes: int, policy: TransferPolicy) -> int:
    """As the policy says, or a hundredth of the file in whole MiB; more where that would make too many parts."""
    whole_mib = -(-size_bytes // (_WANTED_PARTS * _MIB)) * _MIB
    wanted = policy.part_bytes or max(_LEAST_PART_BYTES, min(whole_mib, 5 * 1024 * _MIB))
    return max(wanted, -(-size_bytes // _MOST_PARTS))


def way_noted(
    entries: Sequence[JournalEntry], repository: str, record_id: str, key: str
) -> tuple[Literal["L", "M", "F"], str] | None:
    """How an earlier run had a file of a draft go in, and why, as far as the journal tells; None where it does not."""
    way: tuple[Literal["L", "M", "F"], str] | None = None
    for what in (entry.what for entry in entries):
        if not isinstance(what, PartSent | FetchBegun | StreamChosen):
            continue
        if (what.repository, what.record_id, what.key) != (repository, record_id, key):
            continue
        if isinstance(what, StreamChosen):
            way = ("L", what.reason)
        elif isinstance(what, FetchBegun):
            way = ("F", "An earlier run had the target fetch it")
        else:
            way = ("M", "An earlier run sent it in parts")
    return way


def earlier_parts(
    entries: Sequence[JournalEntry], repository: str, record_id: str, key: str
) -> tuple[PartsBegun | None, frozenset[int]]:
    """What was last begun in parts for a file of a draft, and the parts that the repository took since.

    One that went on in one stream has none.
    """
    begun, sent = None, set[int]()
    for what in (entry.what for entry in entries):
        if not isinstance(what, PartsBegun | PartSent | StreamChosen):
            continue
        if (what.repository, what.record_id, what.key) != (repository, record_id, key):
            continue
        if isinstance(what, PartsBegun | StreamChosen):
            begun, sent = (what if isinstance(what, PartsBegun) else None), set()
        else:
            sent.add(what.number)
    return begun, frozenset(sent)


def can_go_on(begun: PartsBegun | None, remote: RemoteFile | None, file: StoredFile, md5: Checksum) -> int:
    """The size of the parts in which a file was begun that is the same today; 0 where it has to be begun anew.

    One that is committed and has no checksum yet has only to be waited for.
    """
    if begun is None or remote is None or (begun.size_bytes, begun.md5) != (file.size_bytes, str(md5)):
        return 0
    counting = remote.committed and remote.checksum is None and remote.size_bytes == file.size_bytes
    return begun.part_bytes if counting or remote.parts == -(-file.size_bytes // begun.part_bytes) else 0


@contextmanager
def bounded(opened: AbstractContextManager[Iterator[bytes]], size_bytes: int) -> Iterator[Iterator[bytes]]:
    """The first bytes of a stream, and no more of it is read."""
    with opened as chunks:

        def first() -> Iterator[bytes]:
            left = size_bytes
            for chunk in chunks:
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return

        yield first()
