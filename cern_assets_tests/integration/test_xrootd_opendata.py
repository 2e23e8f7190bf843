"""Guards that real files of CERN Open Data come over XRootD as their records declare them."""

import csv
from pathlib import Path

import pytest

from cern_assets.model.checksums import parse_checksum
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.transfer import transfer

pytestmark = pytest.mark.service

PORTAL = "root://eospublic.cern.ch//"


def test_every_real_file_is_copied_and_verified(
    opendata_folder: Path, opendata_xrootd_url: str, tmp_path: Path
) -> None:
    reader = XRootDStore(opendata_xrootd_url, timeout_seconds=30)
    store = LocalStore(tmp_path / "store")
    with (opendata_folder / "files.tsv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert len(rows) == 20
    for row in rows:
        path = row["uri"].removeprefix(PORTAL)
        done = transfer(
            reader,
            path,
            store,
            path,
            size_bytes=int(row["size"]),
            expected=parse_checksum(row["checksum_in_record"]),
            algorithms=("adler32", "md5"),
        )
        found = {str(checksum) for checksum in done.checksums}
        assert {f"adler32:{row['true_adler32']}", f"md5:{row['md5']}"} <= found
    assert sorted(store.list("eos")) == sorted({row["uri"].removeprefix(PORTAL) for row in rows})
