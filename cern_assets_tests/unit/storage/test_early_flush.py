"""Guards that flushing ahead loses no error of the disk."""

import errno
import os
from pathlib import Path

import pytest

from cern_assets.storage.early_flush import EarlyFlush
from cern_assets.storage.local import LocalStore
from cern_assets_tests.contract.stores import get

MIB = 1024**2


def test_an_error_of_the_disk_is_told_at_the_end_and_once() -> None:
    read, write = os.pipe()  # what is no file cannot be flushed
    try:
        flush = EarlyFlush(write)
        flush.written(64 * MIB)
        assert flush._thread
        flush._thread.join(30)  # it ends by the error
        with pytest.raises(OSError, match="Invalid argument") as told:
            flush.end()
        assert told.value.errno == errno.EINVAL
        flush.end()
    finally:
        os.close(read)
        os.close(write)


def test_a_large_file_is_whole_after_it_was_flushed_on_the_way(tmp_path: Path) -> None:
    store, chunk = LocalStore(tmp_path), os.urandom(MIB)
    with store.create("large", size_bytes=150 * MIB) as writer:
        for _ in range(150):
            writer.write(chunk)
        writer.commit()
    assert get(store, "large") == chunk * 150
