"""Leases: one process at a time works on a recid towards a repository, whichever machine it runs on.

A lease is a folder of numbered files, `leases/<hash of the repository>/<source>/<2 hex>/<recid>/<number>.json`. Whoever
makes the file of the next number, which a store grants to one of many, has the lease. The number is its fence: the
highest file is never removed, so that numbers only grow. The holder alone writes the file of its number: who it is, and
when it last renewed the lease. That it gave it back says a second file, `<number>.back`. To replace the first would
cost as much, and on ext4 each file that is made in the next minutes steps over the one that was replaced.
"""

import functools
import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pydantic import ValidationError

from cern_assets.documents.holders import Holder, this_process
from cern_assets.documents.paths import folder_towards
from cern_assets.errors import CernAssetsError, FileMissingError, RecordHeldError
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Value
from cern_assets.ports import FileStore

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS = 0.25
_MOMENT = 30
"""The part of a lease's term after which a thread renews it: most records are published sooner."""
_HELD, _BACK = "json", "back"
"""What the names of a number's files end with."""
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the process is stopped and, on Linux, while the machine sleeps."""


@dataclass(frozen=True)
class LeaseTerms:
    """How leases are held: seconds.

    A lease that was not renewed for `term_seconds` is over for its holder, and for others `skew_seconds` later: as much
    as the clocks of two machines may differ. `patience_seconds` is how long one waits for a lease that another holds.
    """

    term_seconds: float = 60.0
    skew_seconds: float = 30.0
    patience_seconds: float = 10.0


class _Note(Value):
    """What stands in a lease's file; `renewed_at` in seconds since 1970 by the holder's clock.

    `given_back` is of earlier versions, which said it there.
    """

    holder: Holder
    renewed_at: float
    term_seconds: float
    given_back: bool = False


class _Later:
    """Begins in a while, with one thread for all of a process, what most leases are given back before."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._thread: threading.Thread | None = None

    def begin(self, work: Callable[[], None], seconds: float) -> None:
        """Have short work done when so many seconds are over."""
        with self._changed:
            heapq.heappush(self._due, (_now() + seconds, next(self._number), work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="leases", daemon=True)
                self._thread.start()
            elif self._due[0][2] is work:
                self._changed.notify()

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._due or (left := self._due[0][0] - _now()) > 0:
                    self._changed.wait(left if self._due else None)
                _, _, work = heapq.heappop(self._due)
            work()


class Lease:
    """A lease that this process holds, as long as `check` does not say otherwise.

    One that is held for more than a moment is renewed by a thread of its own, whatever others wait for.
    """

    def __init__(self, folder: "_Folder", number: int, terms: LeaseTerms, renewed: float) -> None:
        """Of a number whose file says since `renewed`, by our clock, that it is ours."""
        self._folder = folder
        self._number = number
        self._terms = terms
        self._renewed = renewed
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._renewing = threading.Thread(target=self._keep, name=f"lease-{number}", daemon=True)

    def check(self) -> None:
        """Go on only if the lease is held now; to be called right before each write that it guards.

        Raises:
            RecordHeldError: its time is over, or another process has taken it.
            StorageUnavailableError, CredentialsRefusedError: nobody can say.
        """
        if _now() - self._renewed > self._terms.term_seconds:
            raise self._lost("was not renewed in time")
        if self._folder.last()[0] != self._number:
            raise self._lost("was taken by another process")

    def begin(self) -> None:
        """Begin to renew it.

        Raises:
            RecordHeldError: another process took it in the meantime.
        """
        self.check()
        _LATER.begin(self._renewed_from_now_on, self._terms.term_seconds / _MOMENT)

    def give_back(self) -> None:
        """Let others have it at once; if that cannot be written, they have it when its time is over."""
        with self._lock:
            self._ended.set()
        if self._renewing.is_alive():
            self._renewing.join()
        with suppress(CernAssetsError):
            self.check()
            self._folder.give_back(self._number)

    def _renewed_from_now_on(self) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._renewing.start()

    def _keep(self) -> None:
        """Renew it often enough that three attempts may fail; one that is lost is left to `check` to tell."""
        while not self._ended.wait(self._terms.term_seconds / 4):
            try:
                self.check()
                self._renew()
            except RecordHeldError:
                return
            except CernAssetsError as error:
                _LOG.warning("A lease could not be renewed and will be tried again: %s", error)

    def _renew(self) -> None:
        began = _now()
        self._folder.write(self._number, _note(self._terms))
        self._renewed = began

    def _lost(self, how: str) -> RecordHeldError:
        return RecordHeldError(
            f"The lease of this process on the recid {how}; it stopped before its next write.",
            uri=self._folder.uri(self._number),
            remedy="Run the recid again.",
        )


@contextmanager
def leased(
    store: FileStore,
    *,
    source: str,
    repository: str,
    recid: Recid,
    terms: LeaseTerms,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Lease]:
    """Hold the lease of a recid of a source towards a repository while the block runs.

    `wait` sleeps for seconds.

    Raises:
        RecordHeldError: another process holds it, and did so for as long as we had patience.
        StorageFullError, StorageUnavailableError, CredentialsRefusedError: the store cannot be asked, or written.
    """
    lease = _taken(_Folder(store, folder_towards("leases", repository, source, recid)), terms, wait)
    try:
        yield lease
    finally:
        lease.give_back()


def is_leased(store: FileStore, *, source: str, repository: str, recid: Recid, terms: LeaseTerms) -> bool:
    """Whether somebody holds the lease of a recid, or may hold it: a note that is not whole is being written.

    Raises:
        StorageUnavailableError, CredentialsRefusedError: the store cannot be asked.
    """
    folder = _Folder(store, folder_towards("leases", repository, source, recid))
    highest, is_back = folder.last()
    note = folder.read(highest) if highest and not is_back else None
    return bool(highest) and not is_back and (note is None or not _is_over(note, terms))


def _taken(folder: "_Folder", terms: LeaseTerms, wait: Callable[[float], None]) -> Lease:
    until = _now() + terms.patience_seconds
    unreadable = -1
    while True:
        highest, is_back = folder.last()
        note = folder.read(highest) if highest and not is_back else None
        # A file without words is of one who died before writing them, or writes them now: the second look tells.
        empty_again = note is None and highest == unreadable
        free = not highest or is_back or empty_again or (note is not None and _is_over(note, terms))
        began = _now()
        if free and folder.reserve(highest + 1, _note(terms)):
            lease = Lease(folder, highest + 1, terms, began)
            with suppress(RecordHeldError):
                if highest:
                    folder.tidy(highest + 1)  # before it is renewed by a thread, which nobody would end if this fails
                lease.begin()
                return lease
        unreadable = highest if note is None else -1
        if _now() >= until:
            raise _held(folder, highest, note, terms)
        wait(_AGAIN_SECONDS)


def _note(terms: LeaseTerms) -> _Note:
    return _Note(holder=this_process(), renewed_at=time.time(), term_seconds=terms.term_seconds)


def _words(note: _Note) -> bytes:
    return f"{note.model_dump_json()}\n".encode()


def _is_over(note: _Note, terms: LeaseTerms) -> bool:
    return (
        note.given_back or note.holder.is_dead or time.time() > note.renewed_at + note.term_seconds + terms.skew_seconds
    )


def _held(folder: "_Folder", number: int, note: _Note | None, terms: LeaseTerms) -> RecordHeldError:
    who = str(note.holder) if note else "another process"
    ahead = note.renewed_at - time.time() if note else 0.0
    clocks = f" Its clock is {ahead:.0f} s ahead of ours: set the clocks." if ahead > terms.skew_seconds else ""
    return RecordHeldError(
        f"The recid is being published by {who}.{clocks}",
        uri=folder.uri(number),
        remedy="Run it again later: if that process has died, the lease ends by itself.",
    )


class _Folder:
    """The files of a lease."""

    def __init__(self, store: FileStore, folder: str) -> None:
        self._store = store
        self._folder = folder

    def uri(self, number: int) -> str:
        """The full name of a number's file."""
        return self._store.uri(self._path(number))

    def last(self) -> tuple[int, bool]:
        """The number of who has the lease, or had it last, and whether it was given back; 0 if nobody ever had it."""
        names = set(self._names())
        highest = max((number for number, kind in names if kind == _HELD), default=0)
        return highest, (highest, _BACK) in names

    def reserve(self, number: int, note: _Note) -> bool:
        """Whether the number is ours alone, with these words in its file.

        It need not outlast a power cut of this machine: no holder on it does.
        """
        return self._store.reserve(self._path(number), _words(note), lasting=False)

    def read(self, number: int) -> _Note | None:
        """What the holder of a number wrote, None if nothing whole."""
        try:
            with self._store.open(self._path(number)) as chunks:
                return _Note.model_validate_json(b"".join(chunks))
        except (FileMissingError, ValidationError):
            return None

    def write(self, number: int, note: _Note) -> None:
        """Put the holder's words into the file of its number."""
        with self._store.create(self._path(number), size_bytes=None) as writer:
            writer.write(_words(note))
            writer.commit(lasting=False)

    def give_back(self, number: int) -> None:
        """Say that the holder of a number does not need it any more; that, too, need not outlast a power cut."""
        self._store.reserve(self._path(number, _BACK), lasting=False)

    def tidy(self, number: int) -> None:
        """Remove what is below a number: nobody looks at it any more."""
        for older, kind in sorted(self._names()):
            if older < number:
                self._store.remove(self._path(older, kind))

    def _names(self) -> Iterator[tuple[int, str]]:
        for path in self._store.list(self._folder):
            number, _, kind = path.rpartition("/")[2].partition(".")
            if number.isdecimal() and kind in (_HELD, _BACK):
                yield int(number), kind

    def _path(self, number: int, kind: str = _HELD) -> str:
        return f"{self._folder}/{number:010}.{kind}"


_now = functools.partial(time.clock_gettime, _CLOCK)


_LATER = _Later()


def _begin_anew() -> None:
    """A forked child has none of its parent's threads, and none of its leases."""
    global _LATER  # noqa: PLW0603  a process has one
    _LATER = _Later()


os.register_at_fork(after_in_child=_begin_anew)
