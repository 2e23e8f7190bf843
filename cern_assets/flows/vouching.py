"""What vouches for the bytes of a file: the checksum of its record, else what its place says of it, else nothing."""

from collections.abc import Iterator, Sequence

from cern_assets.archives.clashes import clash_ranks
from cern_assets.errors import UnverifiedFileError
from cern_assets.flows.stages import Context
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.records import SourceFile

_NAMED = 5


def vouched(context: Context, files: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """The same files, each with the checksum that its bytes must have, None where nobody knows one.

    Only for files without a stated checksum their place is asked.

    Raises:
        UnverifiedFileError: nobody knows one, and the collection does not accept that.
        StorageUnavailableError: a place did not answer.
        FileMissingError: a place has no such file.
    """
    known = tuple(file if file.checksum else _asked_for(context, file) for file in files)
    unknown = [file for file in known if file.checksum is None]
    if unknown and context.collection.unverified == "refuse":
        names = ", ".join(shorten(file.key) for file in unknown[:_NAMED])
        raise UnverifiedFileError(
            f"Nothing vouches for the bytes of {len(unknown)} of {len(files)} files: {names}.",
            uri=unknown[0].uri,
            field="files[].checksum",
            remedy="Ask the source's curators to state checksums, or set `unverified: accept` in the collection.",
        )
    return known


def doubts(manifest: Manifest) -> Iterator[Finding]:
    """What a steward should know of a record's files: for which nothing vouches, and whose names clash elsewhere."""
    unknown = [file for file in manifest.files if not _vouched_for(file)]
    if unknown:
        yield Finding(
            code="file-unverified",
            severity="warning",
            field="files[].checksum",
            value=shorten(unknown[0].key),
            message="Nothing vouches for this file's bytes: neither its record nor its place states a checksum. "
            "The collection accepts that.",
            count=len(unknown),
        )
    again = [file for file in manifest.files if file.readings > 1]
    if again:
        yield Finding(
            code="file-read-again",
            severity="note",
            field="files[].checksum",
            value=shorten(again[0].key),
            message="The first reading of this file gave wrong bytes and the second the right ones: a bad transfer.",
            count=len(again),
        )
    keys = [file.key for file in manifest.files]
    clashing = [key for key, rank in zip(keys, clash_ranks(keys), strict=True) if rank]
    if clashing:
        yield Finding(
            code="names-clash",
            severity="warning",
            field="files[].key",
            value=shorten(clashing[0]),
            message="Another file of the record has this name but for capitals or the form of accents: on Windows and "
            "macOS, one would replace the other. Archives keep them apart.",
            count=len(clashing),
        )


def _asked_for(context: Context, file: SourceFile) -> SourceFile:
    said = context.adapters.places.reader(file.ref).checksum(file.path, "adler32")
    return file.model_copy(update={"checksum": said})


def _vouched_for(file: StoredFile) -> bool:
    """Of a file that stays at its source, bytes are compared with the checksum when they are read."""
    return file.verified or (file.ref.place != "store" and bool(file.checksums))
