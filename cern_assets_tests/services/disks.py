"""A real file system that is small enough to fill."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cern_assets_tests.services.needs import unavailable


def fill(path: Path, *, but_bytes: int = 0) -> None:
    """Write a file until nothing fits any more, then leave some room."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(path, max(path.stat().st_size - but_bytes, 0))


@contextmanager
def small_disk(size: str = "1m") -> Iterator[Path]:
    """A file system of so many bytes in memory, that every user may write."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "none", name]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            unavailable("a small file system cannot be mounted here (needs root)")
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
