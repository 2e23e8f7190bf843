"""Files that do not come in one stream: in parts (InvenioRDM's transfer M), or fetched by the repository itself (F).

Those in parts are announced so, sent side by side, committed, and their MD5 is waited for.

InvenioRDM says where the parts of a file go, and not which of them it has: with files on its own disk it makes a file
of zeros, writes each part at its place, and commits it whether all came or not. So who sends remembers what was sent,
and the MD5 tells in the end. InvenioRDM computes it after the commit, in a task of its own; with files elsewhere, a
checksum that is none of the whole file (`multipart:...`) may stand there before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from yarl import URL

from cern_assets.errors import (
    CredentialsRefusedError,
    DepositRefusedError,
    NotFetchedError,
    RepositoryUnavailableError,
    WaitingError,
)
from cern_assets.model.publications import RemoteFile
from cern_assets.model.uploads import InParts, Upload
from cern_assets.model.values import Json, JsonObject
from cern_assets.repositories.nrp.connection import Connection
from cern_assets.repositories.nrp.parse import part_urls, remote_file

_LOOKS_SECONDS = 60.0
"""How long a worker waits for an MD5; one that takes longer is for the next run."""

_FIRST_LOOK_SECONDS, _LAST_LOOK_SECONDS = 0.1, 5.0

type Send = Callable[[URL, Upload], Awaitable[None]]
"""PUT the bytes of an upload to an address, from the first one again where it breaks."""


def parts_of(size_bytes: int, part_bytes: int) -> int:
    """How many parts a file has."""
    return -(-size_bytes // part_bytes)


async def announce(connection: Connection, files_url: URL, uploads: Sequence[Upload]) -> Mapping[str, str]:
    """Announce files; those that the repository does not take in parts, by key with the reason, in one stream."""
    in_parts = {upload.key: upload for upload in uploads if upload.parts}
    by_reference = {upload.key for upload in uploads if upload.address}
    try:
        answer = await connection.send("POST", files_url, [_entry(upload) for upload in uploads])
    except (DepositRefusedError, CredentialsRefusedError) as error:
        if not in_parts and not by_reference:
            raise
        # Whatever the reason is: what is refused in one stream too is refused for good.
        await connection.send("POST", files_url, [_in_one_stream(upload) for upload in uploads])
        how = "to fetch a file" if by_reference else "it in parts"
        return dict.fromkeys(in_parts.keys() | by_reference, f"The repository refuses {how}: {error.message}")
    entries = answer.get("entries")
    by_key = {entry.get("key"): entry for entry in entries} if isinstance(entries, list) else {}
    unfit = {key: why for key, upload in in_parts.items() if (why := _unfit(by_key.get(key, {}), files_url, upload))}
    for key in unfit:
        await connection.remove(files_url / key)
    if unfit:
        await connection.send("POST", files_url, [_in_one_stream(in_parts[key]) for key in unfit])
    return unfit


async def send_parts(connection: Connection, file_url: URL, upload: Upload, parts: InParts, send: Send) -> RemoteFile:
    """Send what is missing of a file, commit it unless it is, and give what the repository says of it.

    Raises:
        WaitingError: it does not say the MD5 yet.
        RepositoryUnavailableError: it does not await these parts.
    """
    entry = await _read(connection, file_url)
    if not remote_file(entry).committed:
        urls, count = part_urls(entry), parts_of(upload.size_bytes, parts.part_bytes)
        if urls.keys() != set(range(1, count + 1)):
            raise RepositoryUnavailableError(
                f"The repository awaits {len(urls)} parts of {upload.key}, not {count}.", uri=str(file_url)
            )
        await _send_all(upload, parts, urls, send)
        entry = await connection.send("POST", file_url / "commit", {})
    return await _with_md5(connection, file_url, entry)


async def fetched(connection: Connection, file_url: URL, clock: Callable[[], float] = time.monotonic) -> RemoteFile:
    """Wait until the repository has fetched a file by itself, and give what it says of it.

    `clock` gives the seconds by which it is decided that this takes too long.

    Raises:
        NotFetchedError: it could not.
        WaitingError: it takes longer than a worker should wait.
    """
    until, pause = clock() + _LOOKS_SECONDS, _FIRST_LOOK_SECONDS
    while True:
        entry = await _read(connection, file_url)
        file, transfer = remote_file(entry), entry.get("transfer")
        if file.committed:
            return file
        if not file.fetching:
            said = transfer.get("error") if isinstance(transfer, Mapping) else None
            raise NotFetchedError(f"it says {str(said or entry.get('status'))[:200]!r}", uri=str(file_url))
        if clock() > until:
            raise WaitingError(
                f"The repository is still fetching {file.key}.",
                uri=str(file_url),
                remedy="Run the recid again later; if it stays so, ask its administrators whether its tasks run.",
            )
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_LOOK_SECONDS)


async def _send_all(upload: Upload, parts: InParts, urls: Mapping[int, str], send: Send) -> None:
    missing = iter(sorted(urls.keys() - parts.sent))

    async def lane() -> None:
        for number in missing:
            await send(URL(urls[number], encoded=True), _part(upload, parts, number))
            await asyncio.to_thread(parts.arrived, number)

    try:
        async with asyncio.TaskGroup() as lanes:
            for _ in range(parts.at_once):
                lanes.create_task(lane())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _part(upload: Upload, parts: InParts, number: int) -> Upload:
    offset = (number - 1) * parts.part_bytes
    size = min(parts.part_bytes, upload.size_bytes - offset)
    key = f"{upload.key} (part {number})"
    return Upload(key, size, upload.md5, lambda: parts.open(offset, size))


async def _with_md5(connection: Connection, file_url: URL, entry: JsonObject) -> RemoteFile:
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + _LOOKS_SECONDS, _FIRST_LOOK_SECONDS
    while (file := remote_file(entry)).checksum is None:
        if loop.time() > until:
            raise WaitingError(
                f"The repository has all parts of {file.key}, and is still computing its MD5.",
                uri=str(file_url),
                remedy="Run the recid again later; if it stays so, ask its administrators whether its tasks run.",
            )
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_LOOK_SECONDS)
        entry = await _read(connection, file_url)
    return file


async def _read(connection: Connection, file_url: URL) -> JsonObject:
    entry = await connection.read(file_url)
    if entry is None:
        raise RepositoryUnavailableError(f"The repository does not show {file_url}, which was announced.")
    return entry


def _unfit(entry: JsonObject, files_url: URL, upload: Upload) -> str:
    """Why a file cannot come in parts, by what its announcement was answered; empty if it can."""
    assert upload.parts is not None
    urls, count = part_urls(entry), parts_of(upload.size_bytes, upload.parts.part_bytes)
    if urls.keys() != set(range(1, count + 1)):
        return f"The repository names {len(urls)} parts where {count} were announced"
    there = (files_url / upload.key).path
    elsewhere = {url.host for url in map(URL, urls.values()) if url.path.rpartition("/")[0] != f"{there}/content"}
    if elsewhere:
        return f"The repository wants its parts at another address ({', '.join(sorted(map(str, elsewhere)))})"
    return ""


def _entry(upload: Upload) -> dict[str, Json]:
    """No checksum is stated: InvenioRDM would take that of a file in parts for true, and compute none."""
    if upload.address:
        return {**_in_one_stream(upload), "transfer": {"type": "F", "url": upload.address}}
    if upload.parts is None:
        return _in_one_stream(upload)
    parts: dict[str, Json] = {"parts": parts_of(upload.size_bytes, upload.parts.part_bytes)}
    transfer: Json = {"type": "M", **parts, "part_size": upload.parts.part_bytes}
    return {**_in_one_stream(upload), "transfer": transfer}


def _in_one_stream(upload: Upload) -> dict[str, Json]:
    return {"key": upload.key, "size": upload.size_bytes}
