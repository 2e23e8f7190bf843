"""Who holds something: a process, named so that others on its machine can tell whether it is still there."""

import functools
import os
import socket
from pathlib import Path

from cern_assets.model.values import Value

_PROC = Path("/proc")


class Holder(Value):
    """A process; `system` tells boots and process namespaces apart, "" where the system does not name them.

    `started` is when the process began, in the kernel's ticks since boot: process numbers are given out again.
    """

    host: str
    system: str
    pid: int
    started: str

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended for certain: only a process of the same running system can say that."""
        if not self.system or self.system != _system():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # somebody else's, whose beginning may be hidden from us
        return _started(self.pid) not in (None, self.started)

    def __str__(self) -> str:
        return f"process {self.pid} of {self.host}"


@functools.cache
def this_process() -> Holder:
    """The process that asks; a forked child is another one."""
    pid = os.getpid()
    return Holder(host=socket.gethostname(), system=_system(), pid=pid, started=_started(pid) or "")


os.register_at_fork(after_in_child=this_process.cache_clear)


@functools.cache
def _system() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When a process began, None if nobody tells, "" if it has ended; field 22 of `stat`, after a name of any kind."""
    try:
        after_name = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2]
    except OSError:
        return None
    state, *fields = after_name.split()
    return "" if state == "Z" else fields[18]
