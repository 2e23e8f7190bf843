"""What happens in the world of a seed, and the model of what must be there afterwards."""

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cern_assets.model.identifiers import Recid
from cern_assets.stand_ins.repository.faults import Faults, Moment
from cern_assets_tests.chaos.expected import Wanted, differences
from cern_assets_tests.chaos.mortal import Life
from cern_assets_tests.chaos.world import SEARCH_LAG_SECONDS, ChaosWorld, running_chaos
from cern_assets_tests.services.ledgers import read_ledger

_RECIDS = 3
_ROUNDS = 4
_QUIET_RUNS = 8
_LONGEST_LIFE_CALLS = 60


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


def run_seed(seed: int, folder: Path) -> list[str]:
    """Run a seed in a folder; all differences between what is in the repository and the model."""
    chance = random.Random(seed)  # no secret
    second = SecondWorker()
    share = chance.choice((0.0, 0.1, 0.3))
    faults = Faults(seed, share=share, longest_seconds=0.005, search_lag_seconds=SEARCH_LAG_SECONDS, watch=second)
    with running_chaos(folder, faults) as world:
        second.world = world
        wanted = {Recid(str(1000 * seed + number)): Wanted() for number in range(1, _RECIDS + 1)}
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
        return _until_quiet(world, wanted)


def _change(world: ChaosWorld, recid: Recid, wanted: Wanted, chance: random.Random) -> None:
    """Something happens to a record at its source, or people edit it in the repository."""
    what = chance.choice(("title", "title", "files", "files", "withdraw", "edit"))
    if not wanted.shown or what in ("title", "files"):
        if not wanted.shown or what == "files":
            names = chance.sample(("a.root", "b.root", "c.txt"), chance.randrange(1, 4))
            wanted.files = {name: chance.randbytes(chance.randrange(1, 200)) for name in names}
        wanted.title, wanted.shown = f"Dataset {chance.randrange(10**6)}", True
        world.source.put(recid, title=wanted.title, files=wanted.files)
    elif what == "withdraw":
        wanted.shown = False
        world.source.withdraw(recid)
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
            return _unbalanced(world, wanted)
    return found


def _unbalanced(world: ChaosWorld, wanted: dict[Recid, Wanted]) -> list[str]:
    """What the ledger of all runs, the killed ones included, cannot account for."""
    registered = [("opendata", recid) for recid in wanted]
    ledger = read_ledger(world.folder / "telemetry", registered)
    return [] if ledger.balanced else [f"ledger: {row}" for row in (*ledger.differences, *ledger.lost)]
