"""Collections that the sample portal can serve, and the bundled one."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from cern_assets.model.values import JsonObject
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.sources.record_files import read_records
from cern_assets.stand_ins.sample.content import sample_bytes


class Collection(Protocol):
    """Records as curators keep them, and the bytes of their files."""

    @property
    def records(self) -> Mapping[str, JsonObject]:
        """Records by recid, in the source form: plain metadata with `files` and, expanded, `_file_indices`."""

    @property
    def touched(self) -> Mapping[str, datetime]:
        """When records were loaded again, of those that were since the portal was made."""

    def open(self, path: str) -> BinaryIO | None:
        """Open a file (`eos/opendata/...`, from anyone, so that anything else is None) from its first byte on."""


@dataclass(frozen=True)
class SampleCollection:
    """The bundled collection: made-up records, with bytes that are made when they are asked for.

    Every checksum stated is right but one, in record 900011, whose title says so.
    """

    records: Mapping[str, JsonObject]
    sizes: Mapping[str, int]
    """Sizes of all files in bytes, by path."""
    touched: Mapping[str, datetime] = field(default_factory=dict)

    def open(self, path: str) -> BinaryIO | None:
        """Make the file's content, in memory: the largest has 3 MB."""
        return io.BytesIO(sample_bytes(path, self.sizes[path])) if path in self.sizes else None


def sample_collection() -> SampleCollection:
    """Read the bundled collection: 16 records in the manner of eight experiments, 13 MB in 150 files."""
    folder = Path(__file__).with_name("data")
    records = [record for path in sorted(folder.glob("*.json")) for record in read_records(path)]
    parsed = [parse_record(record) for record in records]
    return SampleCollection(
        records={record.recid: body for record, body in zip(parsed, records, strict=True)},
        sizes={file.path: file.size_bytes or 0 for record in parsed for file in record.files},
    )
