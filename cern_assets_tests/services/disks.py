"""A real file system that is small enough to fill."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cern_assets_tests.services.needs import unavailable


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of 1 MiB in memory, that every user may write."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "none", name]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            unavailable("a small file system cannot be mounted here (needs root)")
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
