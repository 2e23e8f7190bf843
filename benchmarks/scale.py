"""What many recids cost Dagster's own pages and daemon, on PostgreSQL, with stages that find nothing to do.

    make bench-scale [ARGS="--partitions N --by-command N --backfills N ... --bad N --json --check"]

1. So many recids are partitions and made: some by our command, and of the others Dagster is told what that would tell,
   through the same storage in the same batches. A new webserver is asked what the page of an asset asks (its partitions
   and how each stands) and what the page of the lineage asks (counts of all stages): the first time, when Dagster
   counts, and again.
2. Backfills are asked of the webserver as its pages do, and done by the daemon through its queue, each over recids that
   nothing was made of, and each is taken apart: what the daemon lets pass before its first run and after its last, what
   a run waits in the queue, loads, and does itself. In the last, some recids fail by something around them: exactly
   those have to be red, at the stage they did not get through and those after it, each with its reason in Dagster's
   events and in the check `standing`.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
from orchestration import NAMES, QUIET, SOURCE, SPEC, homes, trivial_definitions, trivial_stages, unconnected
from report import Figure, answer, parser

from cern_assets.defs.instance import open_instance
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.launch import ingest
from cern_assets.defs.partitions import register_recids
from cern_assets.defs.pipeline import build_pipeline
from cern_assets.defs.resources import ConfiguredPorts
from cern_assets.defs.run_events import RunEvents
from cern_assets.errors import SourceUnavailableError
from cern_assets.flows.stages import Context, Made, Task
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.settings import Settings
from cern_assets_tests.services.needs import free_port

MOST_PAGE_SECONDS = 10.0
POLL_SECONDS = 1.0
LONGEST_SECONDS, LONGEST_SECONDS_A_RECID = 900.0, 0.5
"""For so long a backfill may go on; far more than it takes, as it ends a benchmark that hangs, and judges nothing."""
LOADED_SECONDS = 300.0
BACKFILL_TAG = "dagster/backfill"
BAD_FROM = 9_000_000
"""Recids from here on fail."""
REASON = "the source did not answer for this recid"

PARTITIONS = """query Page($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode { id
  partitionKeysByDimension { name type partitionKeys }
  assetPartitionStatuses { ... on DefaultPartitionStatuses {
    materializedPartitions materializingPartitions failedPartitions unmaterializedPartitions } } } } }"""
LINEAGE = """query Lineage($keys: [AssetKeyInput!]!) { assetNodes(assetKeys: $keys) { id
  partitionStats { numMaterialized numMaterializing numPartitions numFailed } } }"""
REPOSITORY = """query { workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
  ... on RepositoryLocation { name repositories { name } } ... on PythonError { message } } } } } }"""
LAUNCH = """mutation Launch($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query Backfill($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
  status error { message } } } }"""
OBSERVED = """query Observed($key: AssetKeyInput!, $recids: [String!]!) { assetOrError(assetKey: $key) { ... on Asset {
  assetObservations(partitions: $recids, limit: 1000) { partition metadataEntries { label
    ... on TextMetadataEntry { text } } } } } }"""


def stages() -> list[Any]:
    """Trivial ones, of which the first does not get through for some recids."""
    first, *others = trivial_stages()

    def make(_context: Context, task: Task) -> Made[Manifest]:
        if int(task.recid) >= BAD_FROM:
            raise SourceUnavailableError(REASON, recid=task.recid)
        return Made(Manifest(files=()))

    return [type(first)(**{**vars(first), "make": make}), *others]


def definitions() -> dg.Definitions:
    """For Dagster's processes: a home in the environment."""
    settings = unconnected(Path(os.environ["CERN_ASSETS_HOME"]))
    return dg.Definitions(
        assets=[build_pipeline(SPEC, batch_size=settings.batch_size, stages=stages())],
        resources={"ports": ConfiguredPorts(settings), "documents": DocumentsIOManager()},
        executor=dg.in_process_executor,
    )


@dataclass(frozen=True)
class Backfill:
    """One that has ended: its id, how, and when it was asked for and seen to have ended, in seconds since 1970."""

    name: str
    status: str
    asked: float
    ended: float


class Pages:
    """A webserver and a daemon over an instance."""

    def __init__(self, url: str, processes: Sequence["subprocess.Popen[bytes]"]) -> None:
        self._url = url
        self._processes = processes

    def ask(self, query: str, **variables: Any) -> Any:
        """Ask as a page does."""
        said = httpx.post(f"{self._url}/graphql", json={"query": query, "variables": variables}, timeout=600).json()
        assert "errors" not in said, said["errors"]
        return said["data"]

    def seconds(self, query: str, **variables: Any) -> float:
        """How long an answer takes."""
        began = time.monotonic()
        self.ask(query, **variables)
        return time.monotonic() - began

    def backfill(self, recids: Sequence[Recid]) -> Backfill:
        """Ask for one over recids, and wait for its end."""
        asked, longest = time.time(), LONGEST_SECONDS + LONGEST_SECONDS_A_RECID * len(recids)
        keys = [{"path": [SOURCE, name]} for name in NAMES]
        launched = self.ask(LAUNCH, params={"assetSelection": keys, "partitionNames": list(recids)})
        name = launched["launchPartitionBackfill"].get("backfillId")
        assert name, launched
        while (status := self._status(name)) in {"REQUESTED", "COMPLETING", "FAILING"}:
            assert all(process.poll() is None for process in self._processes), "a process of Dagster's ended"
            assert time.time() - asked < longest, "it does not end"
            time.sleep(POLL_SECONDS)
        return Backfill(name, status, asked, time.time())

    def _status(self, backfill: str) -> str:
        return str(self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]["status"])

    def standing(self, stage: str) -> dict[str, list[str]]:
        """The partitions of a stage's asset, by how they stand."""
        said = self.ask(PARTITIONS, key={"path": [SOURCE, stage]})
        return dict(said["assetNodeOrError"]["assetPartitionStatuses"])

    def reasons(self, stage: str, recids: Sequence[Recid]) -> dict[str, str]:
        """What the events of a stage say of recids, as text."""
        said = self.ask(OBSERVED, key={"path": [SOURCE, stage]}, recids=list(recids))
        found = said["assetOrError"]["assetObservations"]
        return {each["partition"]: json.dumps(each["metadataEntries"]) for each in found}


@contextmanager
def dagster(home: Path) -> Iterator[Pages]:
    """A webserver and a daemon of the home's instance, with this module as the code that they load."""
    port, here = free_port(), Path(__file__)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home / "dagster"),
        "CERN_ASSETS_HOME": str(home),
        "CERN_ASSETS_RECID_PAUSE_SECONDS": "0",
        "PYTHONPATH": os.pathsep.join([str(here.parent), str(here.parents[1])]),
        "DAGSTER_EVENT_BATCH_SIZE": "500",
        # A run begins by loading the code, which takes long beside others.
        "DAGSTER_GRPC_TIMEOUT_SECONDS": f"{LOADED_SECONDS:.0f}",
    }
    code = ["-f", str(here), "-a", "definitions"]
    web = ["dagster-webserver", *code, "-h", "127.0.0.1", "-p", str(port)]
    with (home / "dagster.log").open("wb") as log:
        processes = [
            subprocess.Popen(
                [str(Path(sys.executable).with_name(program)), *arguments],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            for program, *arguments in (web, ["dagster-daemon", "run", *code])
        ]
        try:
            pages = Pages(f"http://127.0.0.1:{port}", processes)
            _await(pages, processes, home / "dagster.log")
            yield pages
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # servers of code that wait for their runs


def _await(pages: Pages, processes: Sequence["subprocess.Popen[bytes]"], log: Path) -> None:
    until = time.monotonic() + LOADED_SECONDS
    while True:
        assert all(process.poll() is None for process in processes), log.read_text()[-2000:]
        assert time.monotonic() < until, log.read_text()[-2000:]
        try:
            pages.ask(REPOSITORY)
        except httpx.HTTPError:
            time.sleep(POLL_SECONDS)
        else:
            return


def tell(instance: dg.DagsterInstance, recids: Sequence[Recid]) -> None:
    """Tell Dagster of recids what a run of ours tells it, in a run that does nothing else."""

    @dg.op
    def told(context: dg.OpExecutionContext) -> None:
        assets = [dg.AssetKey([SOURCE, name]) for name in NAMES]
        events = RunEvents(context)
        events.plan(assets, recids)
        for recid in recids:
            for asset in assets:
                events.note(dg.AssetMaterialization(asset, partition=recid))
        events.flush()

    job = dg.GraphDefinition("tell", node_defs=[told]).to_job()
    assert job.execute_in_process(instance=instance, run_config=QUIET).success


def pages_of_many(home: Path, count: int, by_command: int) -> list[Figure]:
    """The first question."""
    settings, some = unconnected(home), [Recid(str(number)) for number in range(count)]
    by_command = min(count, by_command)
    began = time.monotonic()
    with open_instance(settings.dagster_home) as instance:
        register_recids(instance, SOURCE, some)
        registered = time.monotonic() - began
        made = ingest(trivial_definitions(settings), instance, SOURCE, some[:by_command], batch_size=10_000)
        assert all(run.success for run in made)
        ingested = time.monotonic() - began - registered
        tell(instance, some[by_command:])
        told = time.monotonic() - began - registered - ingested
    keys = [{"path": [SOURCE, name]} for name in NAMES]
    with dagster(home) as pages:
        page = [pages.seconds(PARTITIONS, key=keys[-1]) for _ in range(2)]
        assert set(some) <= set(pages.standing(NAMES[-1])["materializedPartitions"]), "some are not green"
        lineage = [pages.seconds(LINEAGE, keys=keys) for _ in range(2)]
    return [
        Figure("partitions made before the pages are asked", count, ""),
        Figure("registered in", registered, "s"),
        Figure("made by our command, the first", by_command, ""),
        Figure("made by our command, each", 1000 * ingested / max(1, by_command), "ms a recid"),
        Figure("told to Dagster, each of the others", 1000 * told / max(1, count - by_command), "ms a recid"),
        Figure("asset page, first", page[0], "s", at_most=MOST_PAGE_SECONDS),
        Figure("asset page, again", page[1], "s", at_most=MOST_PAGE_SECONDS),
        Figure("lineage page of five assets, first", lineage[0], "s", at_most=MOST_PAGE_SECONDS),
        Figure("lineage page of five assets, again", lineage[1], "s", at_most=MOST_PAGE_SECONDS),
    ]


def backfills(home: Path, sizes: Sequence[int], bad: int) -> list[Figure]:
    """The second question."""
    settings, figures = unconnected(home), []
    first = 1_000_000
    groups = []
    for size in sizes:
        groups.append([Recid(str(first + number)) for number in range(size)])
        first += size
    wrong = [Recid(str(BAD_FROM + number)) for number in range(bad)]
    groups[-1] = [*groups[-1][: len(groups[-1]) - bad], *wrong]
    with open_instance(settings.dagster_home) as instance:
        register_recids(instance, SOURCE, [recid for group in groups for recid in group])
    with dagster(home) as pages:
        for group in groups:
            found = pages.backfill(group)
            failing = len(set(wrong) & set(group))
            wanted = "COMPLETED_FAILED" if failing else "COMPLETED_SUCCESS"
            assert found.status == wanted, f"{found.status}: {failures(settings)}"
            name = f"backfill of {len(group):,}" + (f", {failing} of them bad" if failing else "")
            figures += taken_apart(settings, found, name, len(group))
        for stage in NAMES:
            red = pages.standing(stage)["failedPartitions"]
            assert set(red) == set(wrong), f"red at {stage}: {red[:20]}; {failures(settings)}"
        said = pages.reasons(NAMES[0], wrong)
        shown = [recid for recid in wrong if REASON in said.get(recid, "")]
    return [
        *figures,
        Figure("red recids, at each stage", len(red), "", at_least=bad, at_most=bad),
        Figure("of which the page shows the reason", len(shown), "", at_least=bad, at_most=bad),
    ]


def taken_apart(settings: Settings, backfill: Backfill, name: str, size: int) -> list[Figure]:
    """Where the time of a backfill went, by what Dagster notes of its runs."""
    with open_instance(settings.dagster_home) as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={BACKFILL_TAG: backfill.name}))
        told = [instance.get_run_stats(run.run_id) for run in runs]
    queued, launched, begun, ended = (
        [moment for each in told if (moment := getattr(each, f"{kind}_time")) is not None]
        for kind in ("enqueued", "launch", "start", "end")
    )

    def between(earlier: Sequence[float], later: Sequence[float]) -> float:
        return statistics.median(after - before for before, after in zip(earlier, later, strict=True))

    seconds, working = backfill.ended - backfill.asked, max(ended) - min(launched)
    return [
        Figure(name, seconds, "s"),
        Figure(f"{name}, each", 1000 * seconds / size, "ms a recid"),
        Figure(f"{name}: runs", len(told), ""),
        Figure(f"{name}: until the daemon queues its first run", min(queued) - backfill.asked, "s"),
        Figure(f"{name}: from the first run's launch to the last one's end", working, "s"),
        Figure(f"{name}: until the daemon sees that they ended", backfill.ended - max(ended), "s"),
        Figure(f"{name}: a run in the queue, median", between(queued, launched), "s"),
        Figure(f"{name}: a run until its process has loaded the code, median", between(launched, begun), "s"),
        Figure(f"{name}: a run itself, median", between(begun, ended), "s"),
        Figure(f"{name}: runs themselves, each", 1000 * sum(map(float.__sub__, ended, begun)) / size, "ms a recid"),
    ]


def failures(settings: Settings) -> list[str]:
    """What Dagster says of runs that failed."""
    with open_instance(settings.dagster_home) as instance:
        runs = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        logs = [instance.get_records_for_run(run.run_id, limit=20, ascending=False).records for run in runs]
        return [record.event_log_entry.user_message[:300] for log in logs for record in log]


def main(partitions: int, by_command: int, sizes: Sequence[int], bad: int) -> list[Figure]:
    """Measure."""
    with homes() as found:
        home = found["PostgreSQL"]
        done = backfills(home, sizes, bad)
        print("\n".join(f"{figure.name}: {figure.value:.2f} {figure.unit}" for figure in done), file=sys.stderr)
        return [*done, *pages_of_many(home, partitions, by_command)]


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"
    warnings.simplefilter("ignore")
    arguments = parser("scale", __doc__)
    arguments.add_argument("--partitions", type=int, default=50_000)
    arguments.add_argument("--by-command", type=int, default=5_000, help="partitions that our own command makes")
    arguments.add_argument("--backfills", type=int, nargs="+", default=[1_000, 10_000], help="recids of each")
    arguments.add_argument("--bad", type=int, default=10, help="recids of the last backfill that fail")
    given = arguments.parse_args()
    answer(main(given.partitions, given.by_command, given.backfills, given.bad), given)
