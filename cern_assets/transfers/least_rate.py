"""How slow a source may be: a server that sends a byte a second is as good as one that hangs."""

from dataclasses import dataclass

from cern_assets.errors import TransferInterruptedError
from cern_assets.failures import failure


@dataclass(frozen=True)
class LeastRate:
    """What a source must give on average: `bytes_per_second` over each `window_seconds` that it is waited for.

    0 bytes a second let it be as slow as it likes.
    """

    bytes_per_second: float = 1024.0
    window_seconds: float = 60.0


class Watch:
    """Holds one stream to a rate; only the time counts in which it is waited for, and not what its reader needs."""

    def __init__(self, least: LeastRate, uri: str) -> None:
        self._least = least
        self._uri = uri
        self._waited_seconds = 0.0
        self._came_bytes = 0

    def waited(self, seconds: float, came_bytes: int) -> None:
        """Count bytes and how long they were waited for.

        Raises:
            TransferInterruptedError: a window is over and has brought too little.
        """
        self._waited_seconds += seconds
        self._came_bytes += came_bytes
        if self._waited_seconds < self._least.window_seconds:
            return
        came, waited = self._came_bytes, self._waited_seconds
        self._came_bytes, self._waited_seconds = 0, 0.0
        if came < self._least.bytes_per_second * waited:
            least = f"{self._least.bytes_per_second:g} a second are the least"
            raise failure(
                TransferInterruptedError, "Reading", self._uri, f"it gave {came} bytes in {waited:.1f} s, where {least}"
            )
