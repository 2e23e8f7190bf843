"""What happens in the world of a seed, and the model of what must be there afterwards."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from starlette.staticfiles import StaticFiles

from cern_assets.model.collections import TransferPolicy
from cern_assets.model.identifiers import Recid
from cern_assets.stand_ins.repository.faults import Faults, Moment
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.chaos.expected import Wanted, differences
from cern_assets_tests.chaos.mortal import Life
from cern_assets_tests.chaos.world import SEARCH_LAG_SECONDS, ChaosWorld, Policy, running_chaos
from cern_assets_tests.services.ledgers import read_ledger

_RECIDS = 3
_ROUNDS = 4
_QUIET_RUNS = 8
_LONGEST_LIFE_CALLS = 60
_AT_A_TIME = 4
_NOBODY = Recid("")
IN_PARTS = TransferPolicy(how="parts", part_bytes=60, at_once=2)
"""Files are of 1 to 199 bytes: of one to four parts."""
FETCHED = TransferPolicy(how="fetch")


@dataclass
class SecondWorker:
    """Another worker that begins while a request of the first one is before its effect, or before its answer."""

    recids: list[Recid] = field(default_factory=list)
    at: Moment | None = None
    world: ChaosWorld | None = None
    running: bool = False

    def __call__(self, moment: Moment) -> None:
        """Run at the moment that was chosen, once, while the request waits."""
        at = self.at
        if self.running or at is None or self.world is None:
            return
        if moment.number >= at.number and moment.done == at.done:
            self.running, self.at = True, None
            self.world.second_is_done.clear()
            thread = threading.Thread(target=self.world.run, args=(self.recids,))
            thread.start()
            thread.join()
            self.running = False
            self.world.second_is_done.set()


def run_seeds(seeds: Sequence[int], folder: Path) -> dict[int, list[str]]:
    """Run seeds, a few at a time as they wait a lot; what each that failed left.

    They tell what they do to one spool, as opening a ledger costs more than running a seed.
    """
    telemetry = folder / "telemetry"
    # One web server for the bytes of all sources: nothing of it goes wrong.
    with serve_in_thread(StaticFiles(directory=folder)) as web, ThreadPoolExecutor(_AT_A_TIME) as pool:
        found = list(pool.map(lambda seed: _run_seed(seed, folder / f"seed-{seed}", telemetry, web), seeds))
    unbalanced = _unbalanced(telemetry, [recid for seed in seeds for recid in _recids(seed)])
    if held := [thread.name for thread in threading.enumerate() if thread.name.startswith("lease-")]:
        unbalanced[_NOBODY] = [*unbalanced.get(_NOBODY, []), f"nobody gives back: {', '.join(held)}"]
    return {
        seed: problems
        for seed, each in zip(seeds, found, strict=True)
        if (problems := [*each, *(row for recid in _recids(seed) for row in unbalanced.pop(recid, []))])
    } | ({seeds[0]: [row for rows in unbalanced.values() for row in rows]} if unbalanced else {})


def _recids(seed: int) -> list[Recid]:
    return [Recid(str(1000 * seed + number)) for number in range(1, _RECIDS + 1)]


def _run_seed(seed: int, folder: Path, telemetry: Path, web: str) -> list[str]:
    """Run a seed in a folder; all differences between what is in the repository and the model."""
    chance = random.Random(seed)  # no secret
    second = SecondWorker()
    share = chance.choice((0.0, 0.1, 0.3))
    faults = Faults(seed, share=share, longest_seconds=0.005, search_lag_seconds=SEARCH_LAG_SECONDS, watch=second)
    policy = Policy(
        transfer=chance.choices((TransferPolicy(), IN_PARTS, FETCHED), (0.5, 0.3, 0.2))[0],
        in_communities=chance.random() < 0.4,
        tombstones=chance.random() < 0.5,
    )
    share, faults.share = faults.share, 0.0
    with running_chaos(folder, faults, telemetry, policy, web) as world:
        second.world, faults.share = world, share
        wanted = {recid: Wanted() for recid in _recids(seed)}
        second.recids = list(wanted)
        requests = 0
        for _ in range(_ROUNDS):
            for recid in chance.sample(list(wanted), 2):
                _change(world, recid, wanted[recid], chance)
            if chance.random() < 0.5:
                second.at = Moment(requests + chance.randrange(1, 25), "", "", done=chance.random() < 0.5)
            life = Life(chance.randrange(_LONGEST_LIFE_CALLS), after_effect=chance.random() < 0.5)
            world.run(chance.sample(list(wanted), _RECIDS), life if chance.random() < 0.5 else None)
            second.at = None
            world.second_is_done.wait()
            requests = faults.moment("", "").number
        faults.share = 0.0
        return [*_until_quiet(world, wanted), *world.held_leases()]


def _change(world: ChaosWorld, recid: Recid, wanted: Wanted, chance: random.Random) -> None:
    """Something happens to a record at its source, or people edit it in the repository."""
    what = chance.choice(("title", "title", "files", "files", "withdraw", "edit", "accept"))
    if not wanted.shown or what in ("title", "files"):
        if not wanted.shown:
            wanted.begin_again(world, recid)
        if not wanted.shown or what == "files":
            names = chance.sample(("a.root", "b.root", "c.txt"), chance.randrange(1, 4))
            wanted.files = {name: chance.randbytes(chance.randrange(1, 200)) for name in names}
        wanted.title, wanted.shown = f"Dataset {chance.randrange(10**6)}", True
        world.put(recid, title=wanted.title, files=wanted.files)
    elif what == "withdraw":
        wanted.shown = False
        world.source.withdraw(recid)
    elif what == "accept":
        wanted.accept(world, recid)
    else:
        wanted.edit(world, recid, f"By hand {chance.randrange(10**6)}")


def _until_quiet(world: ChaosWorld, wanted: dict[Recid, Wanted]) -> list[str]:
    found = ["never quiet"]
    for _ in range(_QUIET_RUNS):
        outcomes = world.run(list(wanted))
        stopped = [
            f"{outcome.recid} {outcome.stage}: {outcome.problem}"
            for outcome in outcomes
            if outcome.problem and wanted[outcome.recid].shown
        ]
        found = [*differences(world, wanted), *stopped]
        if not found:
            return []
    return found


def _unbalanced(telemetry: Path, recids: Sequence[Recid]) -> dict[Recid, list[str]]:
    """What the ledger of all runs, also the killed ones, cannot account for, by recid; `_NOBODY` for what has none."""
    ledger = read_ledger(telemetry, [("opendata", recid) for recid in recids])
    rows: dict[Recid, list[str]] = {}
    for row in () if ledger.balanced else (*ledger.differences, *ledger.lost):
        rows.setdefault(Recid(str(row.get("recid", _NOBODY))), []).append(f"ledger: {row}")
    return rows
