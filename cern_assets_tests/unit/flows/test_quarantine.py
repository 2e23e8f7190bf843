"""Wrong bytes are read a second time, which tells a bad transfer from a bad entry, and are kept aside."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import Quarantined
from cern_assets.ports import Range
from cern_assets.storage.local import LocalStore
from cern_assets.transfers.movers import SMALL_BYTES
from cern_assets_tests.services.world import World

SIZES = pytest.mark.parametrize("size_bytes", [1_000, SMALL_BYTES + 1], ids=["small", "large"])


class SpoilingPlace(LocalStore):
    """A place whose first readings of a file give other bytes: each entry is the byte that its reading begins with."""

    def __init__(self, root: Path, *spoiled: bytes) -> None:
        super().__init__(root)
        self.spoiled = list(spoiled)
        self.readings = 0

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield iter([self._spoiled(b"".join(chunks))])

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        return [self._spoiled(content) for content in super().read_ranges(path, ranges)]

    def _spoiled(self, content: bytes) -> bytes:
        self.readings += 1
        return self.spoiled.pop(0) + content[1:] if self.spoiled else content


def journalled(world: World, recid: str) -> list[Quarantined]:
    entries = world.context.adapters.journal.entries("opendata", Recid(recid))
    return [entry.what for entry in entries if isinstance(entry.what, Quarantined)]


@SIZES
def test_bytes_that_are_right_the_second_time_were_a_bad_transfer_and_the_record_goes_on(
    world: World, recid: str, size_bytes: int
) -> None:
    world.source.put(recid, files={"a.root": b"x" * size_bytes})
    files = SpoilingPlace(world.folder / "source", b"!")
    outcomes = world.run(Recid(recid), files=files)
    assert outcomes["published_record"].status == "done"
    assert [finding.code for finding in outcomes["raw_files"].findings] == ["file-read-again"]
    assert files.readings == 2
    assert [noted.verdict for noted in journalled(world, recid)] == ["bad transfer"]
    assert list(world.context.adapters.store.list("quarantine")) == []


@SIZES
def test_bytes_that_are_as_wrong_the_second_time_reject_the_record_and_are_kept_with_all_values(
    world: World, recid: str, size_bytes: int
) -> None:
    world.source.put(recid, files={"a.root": b"x" * size_bytes})
    outcome = world.run(Recid(recid), files=SpoilingPlace(world.folder / "source", b"!", b"!"))["raw_files"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "ChecksumMismatch")
    (noted,) = journalled(world, recid)
    assert (noted.verdict, noted.readings[0]) == ("bad entry", noted.readings[1])
    assert noted.declared != noted.readings[0]
    assert outcome.problem
    assert all(said in outcome.problem.message for said in (noted.declared, noted.readings[0], "the record's entry"))
    with world.context.adapters.store.open(noted.path) as chunks:
        assert b"".join(chunks) == b"!" + b"x" * (size_bytes - 1)
    assert list(world.context.adapters.store.list("files")) == []
    assert world.statuses(Recid(recid))["published_record"] == "done", "the source was mended"


def test_bytes_that_differ_each_time_leave_the_recid_pending(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x" * 1_000})
    outcome = world.run(Recid(recid), files=SpoilingPlace(world.folder / "source", b"!", b"?"))["raw_files"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("failed", "TransferSpoiled")
    (noted,) = journalled(world, recid)
    assert noted.verdict == "unsteady bytes"
    assert len({noted.declared, *noted.readings}) == 3
