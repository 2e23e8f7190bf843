"""How much memory a process of a benchmark took."""

import resource
import sys
from pathlib import Path

_MIB = 1024**2


def peak_mib() -> float:
    """The most MiB that this process had in memory so far.

    Linux hands what `getrusage` calls the peak on to the programs that a process starts, so that a small child of a
    large parent looks large; `VmHWM` (proc(5)) is of the program itself.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (_MIB if sys.platform == "darwin" else 1024)
