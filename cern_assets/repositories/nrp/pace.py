"""How fast a repository may be asked: learnt from what it says of its limit, shared by all processes of a machine."""

import fcntl
import json
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from email.utils import parsedate_to_datetime
from pathlib import Path

from cern_assets.errors import RepositoryUnavailableError

LONGEST_HOLD_SECONDS = 120.0
"""For a repository that wants to be left alone longer, recids stay pending, and nobody sits and waits."""

_SPREAD_BELOW = 0.2
"""The part of a window's requests, the last one, that is spread over the time until the window ends."""

_FURTHEST_SECONDS = 86_400.0
"""What lies further ahead was noted by a clock that has been set back since, or is no time."""


@dataclass(frozen=True)
class _Bucket:
    """What is known: `left` requests of `limit` until `ends`, none before `next_at`; seconds since 1970."""

    limit: float = math.inf
    left: float = math.inf
    ends: float = 0.0
    next_at: float = 0.0


class Pace:
    """A token bucket with what the repository's headers say is in it.

    As long as there is much left of a window, requests go out at once; the last part of it is spread over the time that
    is left, so that no process runs into a refusal. After a refusal (429), nobody asks before the time that it named.
    With a `file`, all processes that name it share the bucket, under a lock that ends with its holder. `clock` gives
    seconds of a clock that they share.
    """

    def __init__(self, file: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._kept = _Bucket()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a request out of the bucket; how many seconds to wait before it is sent.

        Raises:
            RepositoryUnavailableError: the repository asked to be left alone for longer than anybody should wait.
        """
        waiting = 0.0

        def taken(bucket: _Bucket, now: float) -> _Bucket:
            nonlocal waiting
            start = max(now, bucket.next_at)
            waiting = start - now
            if waiting > LONGEST_HOLD_SECONDS or bucket.ends <= start:
                return bucket
            left = max(bucket.left - 1, 0)
            spread = left < _SPREAD_BELOW * bucket.limit
            return replace(bucket, left=left, next_at=start + (bucket.ends - start) / (left + 1) if spread else start)

        self._changed(taken)
        if waiting > LONGEST_HOLD_SECONDS:
            raise RepositoryUnavailableError(
                f"The repository asked not to be asked for {waiting:.0f} s.", remedy="Run again after that."
            )
        return waiting

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer: `X-RateLimit-Limit`, `-Remaining`, `-Reset`, and `Retry-After` of a refusal."""
        limit, left, ends = (_number(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
        after = retry_after(headers.get("Retry-After"), self._clock()) if status == 429 else None

        def learnt(bucket: _Bucket, now: float) -> _Bucket:
            if limit is not None and left is not None and ends is not None and now < ends < now + _FURTHEST_SECONDS:
                # Answers overtake each other: within a window, the lowest that was told holds.
                known = min(left, bucket.left) if ends <= bucket.ends + 1 else left
                bucket = replace(bucket, limit=limit, left=known, ends=ends)
            return replace(bucket, next_at=max(bucket.next_at, now + after)) if after else bucket

        if after or limit is not None:
            self._changed(learnt)

    def _changed(self, change: Callable[[_Bucket, float], _Bucket]) -> None:
        now = self._clock()
        with self._lock:
            if self._file is None:
                self._kept = change(self._kept, now)
                return
            try:
                self._note(self._file, change, now)
            except OSError:  # a full disk is told by others, and must break no request in its middle
                self._kept = change(self._kept, now)

    def _note(self, file: Path, change: Callable[[_Bucket, float], _Bucket], now: float) -> None:
        """Change what is noted; where nothing is to be changed, as with a repository that tells no limit, only read."""
        try:
            descriptor = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            noted = os.pread(descriptor, 4096, 0)
            if not noted and change(_Bucket(), now) == _Bucket():
                return
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            before = _read(os.pread(descriptor, 4096, 0), now)
            after = change(before, now)
            if after != before:
                text = json.dumps(asdict(after)).encode()
                os.pwrite(descriptor, text, 0)  # over the old text, which a full disk lets stand
                os.ftruncate(descriptor, len(text))
        finally:
            os.close(descriptor)


def retry_after(stated: str | None, now: float) -> float | None:
    """Seconds of a `Retry-After`, which may be a number or a date; None where it says neither."""
    if not stated:
        return None
    seconds = _number(stated)
    if seconds is None:
        with suppress(ValueError, OverflowError):
            seconds = parsedate_to_datetime(stated).timestamp() - now
    return None if seconds is None else min(max(seconds, 0.0), _FURTHEST_SECONDS)


def _read(text: bytes, now: float) -> _Bucket:
    """What was noted; a torn note, or one of another time, tells nothing."""
    try:
        noted = json.loads(text)
        bucket = _Bucket(**{field.name: float(noted[field.name]) for field in fields(_Bucket)})
    except (ValueError, TypeError, KeyError):
        return _Bucket()
    return bucket if max(bucket.ends, bucket.next_at) < now + _FURTHEST_SECONDS else _Bucket()


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
