"""The file beside several archives that says which of them holds which file."""

import csv
import io
from collections.abc import Sequence

from cern_assets.model.archives import ArchivePlan
from cern_assets.model.manifests import StoredFile

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
