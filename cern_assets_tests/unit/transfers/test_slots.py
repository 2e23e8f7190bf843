"""Slots: bounded bytes on the way, over threads and processes, given back by the dead."""

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from cern_assets.errors import RunInterruptedError, StorageUnavailableError
from cern_assets.transfers.slots import Slots

UNIT = 1_000


def slots_in(folder: Path, count: int = 4) -> Slots:
    return Slots(folder / "slots", count=count, slot_bytes=UNIT, wait=time.sleep)


@pytest.mark.parametrize(
    ("size_bytes", "needed"), [(0, 0), (99, 0), (100, 1), (UNIT, 1), (UNIT + 1, 2), (3 * UNIT, 3), (100 * UNIT, 4)]
)
def test_a_file_takes_a_slot_for_each_of_its_units_and_at_most_all(
    tmp_path: Path, size_bytes: int, needed: int
) -> None:
    assert slots_in(tmp_path).needed(size_bytes) == needed


def test_never_more_slots_are_taken_than_there_are(tmp_path: Path) -> None:
    slots, lock, held, most = slots_in(tmp_path), threading.Lock(), 0, 0

    def move(size_bytes: int) -> None:
        nonlocal held, most
        with slots.taken(size_bytes):
            with lock:
                held += slots.needed(size_bytes)
                most = max(most, held)
            time.sleep(0.005)
            with lock:
                held -= slots.needed(size_bytes)

    threads = [threading.Thread(target=move, args=(size * UNIT,)) for size in (1, 2, 4, 9, 1, 3, 1, 2, 4, 1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (held, most) == (0, 4)


def test_what_is_small_waits_for_nobody(tmp_path: Path) -> None:
    slots = slots_in(tmp_path)
    with slots.taken(100 * UNIT), slots.taken(UNIT // 20):
        pass


def test_waiting_ends_with_the_run(tmp_path: Path) -> None:
    def ended(_seconds: float) -> None:
        raise RunInterruptedError("The run was ended.")

    slots = Slots(tmp_path, count=1, slot_bytes=UNIT, wait=ended)
    with slots.taken(UNIT), pytest.raises(RunInterruptedError), slots.taken(UNIT):
        pass
    with slots.taken(UNIT):
        pass


def _hold_all(folder: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with slots_in(folder).taken(100 * UNIT):
        ready.set()
        time.sleep(600)


def test_another_process_holds_slots_until_it_is_killed(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    holder = spawn.Process(target=_hold_all, args=(tmp_path, ready))
    holder.start()
    assert ready.wait(60)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            holder.kill()
            holder.join()

    with Slots(tmp_path / "slots", count=4, slot_bytes=UNIT, wait=wait).taken(UNIT):
        assert len(waits) >= 3


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "slots").touch()
    with pytest.raises(StorageUnavailableError, match="Taking a slot"), slots_in(tmp_path).taken(UNIT):
        pass
