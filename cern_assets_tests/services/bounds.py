"""Bounds on work and memory that hold on any machine, however busy: lines of Python and peak of memory, not seconds."""

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

_TOOL = 4  # of sys.monitoring; 0 to 2 and 5 have fixed meanings
LINES, LINES_PER_BYTE = 100_000, 400
BYTES, BYTES_PER_BYTE = 3_000_000, 400


@contextmanager
def in_proportion_to(size_bytes: int) -> Iterator[None]:
    """A block may run so many lines, and hold so many bytes at once, as are in proportion to the size of its input."""
    lines = 0

    def ran(_code: object, _line: int) -> None:
        nonlocal lines
        lines += 1

    sys.monitoring.use_tool_id(_TOOL, "bounds")
    sys.monitoring.register_callback(_TOOL, sys.monitoring.events.LINE, ran)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    sys.monitoring.set_events(_TOOL, sys.monitoring.events.LINE)
    try:
        yield
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        sys.monitoring.free_tool_id(_TOOL)
    assert lines <= LINES + LINES_PER_BYTE * size_bytes, f"{lines} lines for {size_bytes} bytes"
    assert peak - before <= BYTES + BYTES_PER_BYTE * size_bytes, f"{peak - before} bytes held for {size_bytes}"
