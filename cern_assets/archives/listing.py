"""Files of a deposit that tell of others: which archive holds which, and which stay at the source."""

import csv
import io
from collections.abc import Sequence

from cern_assets.model.archives import ArchivePlan
from cern_assets.model.manifests import LeftOut, StoredFile

_LEFT_COLUMNS = ("path", "source", "size_bytes", "checksum", "why")
_COLUMNS = ("path", "archive", "size_bytes", "checksums")


def listing(plan: ArchivePlan, files: Sequence[StoredFile]) -> bytes:
    """CSV in UTF-8 (RFC 4180), a line a file in the plan's order: path, archive, size in bytes, checksums by blanks."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for archive in plan.archives:
        for file in files[archive.first : archive.first + archive.count]:
            checksums = " ".join(str(checksum) for checksum in file.checksums)
            writer.writerow((file.key, archive.key, file.size_bytes, checksums))
    return text.getvalue().encode()


def listing_of_left(files: Sequence[LeftOut]) -> bytes:
    """CSV in UTF-8 (RFC 4180), a line a file: path, address at the source, size in bytes, checksum, why it stays."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_LEFT_COLUMNS)
    for file in files:
        size = "" if file.size_bytes is None else file.size_bytes
        writer.writerow((file.key, file.uri, size, file.checksum or "", file.why))
    return text.getvalue().encode()
