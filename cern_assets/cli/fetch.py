"""`cern-assets fetch`: the files of one record, verified, in a folder or on an XRootD server."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click

from cern_assets.cli import show
from cern_assets.cli.interrupts import INTERRUPTED, in_order
from cern_assets.collections.spec import Files
from cern_assets.errors import CernAssetsError, RecordInvalidError
from cern_assets.flows.cancellation import Cancellation
from cern_assets.flows.fetching import Fetched, fetch_files
from cern_assets.model.outcomes import SUCCESSFUL
from cern_assets.model.records import SourceRecord
from cern_assets.ports import RecordSource
from cern_assets.settings import load_settings
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import opened_for_fetching, source_parts

_EVERY_SECONDS = 2.0


@click.command("fetch")
@click.option("--source", default="opendata", show_default=True, help="The source system of the record.")
@click.option("--to", "to", required=True, help="Where the files go: a folder or a root:// URL.")
@click.option("--include", multiple=True, help="Only files whose path matches this pattern (*, ?); may be repeated.")
@click.option("--exclude", multiple=True, help="No files whose path matches this pattern; may be repeated.")
@click.option("--max-bytes", type=click.IntRange(min=0), help="Take files, in their order, as long as they fit this.")
@click.option(
    "--index-members",
    type=click.Choice(["copy", "list"]),
    default="copy",
    show_default=True,
    help="Whether files of file indexes are brought, or listed only.",
)
@click.option(
    "--digest",
    multiple=True,
    type=click.Choice(["sha1", "sha256"]),
    help="Compute this, too, besides adler32, crc32 and md5; may be repeated.",
)
@click.option("--reference", is_flag=True, help="Bring no bytes: compare what the record states with what is there.")
@click.option("--json", "json_", is_flag=True, help="The manifest as one JSON object, a line a record.")
@click.argument("record")
def command(  # noqa: PLR0917  options of the command
    source: str,
    to: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    max_bytes: int | None,
    index_members: Literal["copy", "list"],
    digest: tuple[Literal["sha1", "sha256"], ...],
    reference: bool,
    json_: bool,
    record: str,
) -> None:
    """Bring the files of RECORD to a place, each read once and verified as it comes, and print the manifest.

    RECORD is a recid, or a file of records (.json, .jsonl, .jsonl.gz, or a form of the source). The files go into a
    folder of the recid's name, under their relative paths; what else lies there is left alone. The same command goes on
    where it was ended, and moves nothing that is there already. Bytes are counted on standard error while they come.
    What cannot be read of a file of records is a line of output with its `error`, and the rest goes on.

    Exit code 1 if a file is not there at the end (the manifest says which, and why), or a record cannot be read.
    """
    settings = load_settings()
    parts = source_parts(source)
    cancellation = Cancellation()
    counted = _Counted()
    files = Files(
        mode="reference" if reference else "mirror",
        include=include,
        exclude=exclude,
        max_record_bytes=max_bytes,
        index_members=index_members,
        digests=digest,
    )
    with opened_for_fetching(settings, source, to, files, cancellation=cancellation, moved=counted.moved) as context:

        def work() -> bool:
            whole = True
            for each in _records(parts, context.adapters.source, record):
                if isinstance(each, CernAssetsError):
                    whole = False
                    _print_unread(each, json_=json_)
                else:
                    with counted.told(each):
                        fetched = fetch_files(context, each)
                    whole = whole and fetched.status in SUCCESSFUL
                    _print(fetched, json_=json_)
                if cancellation.requested:
                    break
            return whole

        with show.written():
            whole = in_order(work, cancellation.request)
    if cancellation.requested:
        click.echo("Ended early; the same command goes on.", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(0 if whole else 1)


def _records(parts: SourceParts[Any], asked: RecordSource, record: str) -> Iterator[SourceRecord | CernAssetsError]:
    """The record of a recid, or those of a file; what cannot be read of a file is its error, with its place."""
    path = Path(record)
    if not path.is_file():
        found = asked.fetch(parts.parse_recid(record)).record
        assert found is not None, "it was asked for without an ETag"
        yield found
        return
    for each in each_record(path, parts.texts):
        if each.error is not None or each.body is None:
            yield each.error or RecordInvalidError("There is no record here.", uri=each.place)
            continue
        try:
            yield parts.parse(each.body)
        except CernAssetsError as error:
            error.uri = error.uri or each.place
            yield error


class _Counted:
    """Bytes as they come, told on standard error: as a bar on a terminal, else as a line every few seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tell: Callable[[int], None] = lambda _bytes: None

    def moved(self, size_bytes: int) -> None:
        """Called by the threads that move files."""
        with self._lock:
            self._tell(size_bytes)

    @contextmanager
    def told(self, record: SourceRecord) -> Iterator[None]:
        """Tell of the bytes of a record while the block runs."""
        if sys.stderr.isatty():
            with show.bytes_moved(f"{record.recid}", record.size_bytes) as self._tell:
                yield
        else:
            self._tell = _Lines(record.recid, record.size_bytes).moved
            yield
        self._tell = lambda _bytes: None


class _Lines:
    def __init__(self, recid: str, size_bytes: int) -> None:
        self._recid = recid
        self._size_bytes = size_bytes
        self._came_bytes = 0
        self._began = self._told = time.monotonic()

    def moved(self, size_bytes: int) -> None:
        self._came_bytes += size_bytes
        now = time.monotonic()
        if now - self._told < _EVERY_SECONDS and self._came_bytes < self._size_bytes:
            return
        self._told = now
        rate = show.human_size(int(self._came_bytes / max(now - self._began, 1e-3)))
        click.echo(f"{self._recid}: {self._came_bytes:,} of {self._size_bytes:,} bytes, {rate}/s", err=True)


def _print_unread(error: CernAssetsError, *, json_: bool) -> None:
    if json_:
        show.as_json({"recid": error.recid or "", "error": str(error)})
    else:
        click.echo(str(error), err=True)


def _print(fetched: Fetched, *, json_: bool) -> None:
    if json_:
        show.as_json(fetched.model_dump(mode="json"))
        return
    if fetched.files:
        rows = [
            [
                file.path,
                f"{file.size_bytes:,}" if file.size_bytes is not None else "?",
                file.verified_against or "",
                file.state,
            ]
            for file in fetched.files
        ]
        show.table(["file", "bytes", "verified against", "state"], rows)
    click.echo(
        f"{fetched.recid}: {fetched.status}, {len(fetched.files)} files, {fetched.size_bytes:,} bytes, "
        f"{fetched.moved_bytes:,} moved to {fetched.to}"
    )
    if fetched.problem:
        click.echo(f"{fetched.recid}: {fetched.problem.message}", err=True)
