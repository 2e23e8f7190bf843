"""Memory does not grow with a file: one with holes only, from a real XRootD server to a disk, by a process."""

import subprocess
import sys
from pathlib import Path

import pytest

from cern_assets.model.checksums import Checksum
from cern_assets_tests.services.xrootd import XRootDDaemon

pytestmark = pytest.mark.service

MIB = 1024**2
SIZE_BYTES = 1280 * MIB + 5
MOST_MIB = 256

_COPIES = """
import sys
from pathlib import Path
from cern_assets.model.checksums import Checksum
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.transfer import transfer
done = transfer(
    XRootDStore(sys.argv[1], timeout_seconds=60),
    "huge",
    LocalStore(Path(sys.argv[2])),
    "copy",
    size_bytes=int(sys.argv[3]),
    expected=Checksum(algorithm="adler32", value=sys.argv[4]),
    algorithms=("adler32", "crc32", "md5"),
    resume="word1",
)
status = Path("/proc/self/status").read_text(encoding="ascii")
print(next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:")))
"""


def test_a_file_of_five_times_the_memory_is_copied_at_flat_memory(xrootd: XRootDDaemon, tmp_path: Path) -> None:
    with (xrootd.root / "huge").open("wb") as file:
        file.truncate(SIZE_BYTES)
    try:
        zeros = Checksum(algorithm="adler32", value=f"{SIZE_BYTES % 65_521:04x}0001")
        command = [sys.executable, "-c", _COPIES, xrootd.url, str(tmp_path), str(SIZE_BYTES), zeros.value]
        peak_mib = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        copied = (tmp_path / "copy").stat().st_size
    finally:
        (xrootd.root / "huge").unlink()
        (tmp_path / "copy").unlink(missing_ok=True)
    assert copied == SIZE_BYTES
    assert peak_mib <= MOST_MIB
