"""A folder of real records and bytes as a collection for the sample portal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cern_assets.errors import ConfigurationError
from cern_assets.model.values import JsonObject
from cern_assets.sources.record_files import read_records
from cern_assets.stand_ins.sample.records import Collection


@dataclass(frozen=True)
class FolderCollection:
    """Records in memory, bytes read from below `files`."""

    records: Mapping[str, JsonObject]
    files: Path
    touched: Mapping[str, datetime] = field(default_factory=dict)

    def open(self, path: str) -> BinaryIO | None:
        """Open `<files>/<path>`, if that is a file and really lies there."""
        try:
            found = (self.files / path).resolve(strict=True)
        except (OSError, ValueError):
            return None
        return found.open("rb") if found.is_relative_to(self.files) and found.is_file() else None


def folder_collection(folder: Path) -> Collection:
    """Read `records/*.json` and `records.jsonl.gz` of a folder; bytes lie at `files/eos/opendata/...`.

    File indexes stay ordinary entries of `files`, where the real portal would expand them: the folder holds the
    indexes' bytes, and not those of the files that they list. Files that are not in the folder answer 404.

    Raises:
        ConfigurationError: the folder has no records.
        RecordInvalidError: a file of records cannot be read.
    """
    sources = [path for path in (folder / "records.jsonl.gz",) if path.is_file()]
    sources += sorted((folder / "records").glob("*.json"))
    records = {str(record.get("recid")): record for path in sources for record in read_records(path)}
    if not records:
        raise ConfigurationError(
            "There are no records in this folder.",
            uri=str(folder),
            remedy="Give a folder with records/*.json or records.jsonl.gz in it.",
        )
    return FolderCollection(records=records, files=(folder / "files").resolve())
