"""A million recids through a collection that is partitioned by segment, killed once in the middle.

    make bench-millions [ARGS="--recids N --segments N --at-once N --real N --home FOLDER --json --check"]

Made-up recids are registered, and two processes run every segment that is missing, as the runs of a backfill do: a run
each, in a real instance (SQLite), through our pipeline with one stage that leaves a document of nothing for each recid.
When half of the segments are made both are killed (`kill -9`), some way into their next segments, and two others go on.
A segment whose run fails, as of a disk that was full for a moment, is run once more, as whoever finds it red does.
Then every segment has to be green, every recid published by the ledger, with one document.

What the journey itself costs is measured on a share: `--real` made-up records without files, through all five stages
into the embedded repository, as one segment. What a million of them would take is reckoned from that, and not run.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import dagster as dg
from orchestration import QUIET, SOURCE, TEMPLATE, TOKEN, Copies, trivial_stages, unconnected
from pydantic import SecretStr
from report import Figure, answer, parser

from cern_assets.collections.segments import segment_names
from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.checks import standing_of
from cern_assets.defs.instance import open_instance
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.partitions import register_recids
from cern_assets.defs.pipeline import build_pipeline
from cern_assets.defs.resources import ConfiguredPorts
from cern_assets.flows.journey import STAGES, AnyStage
from cern_assets.model.identifiers import Recid
from cern_assets.settings import Settings, load_settings
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.wiring import collection_named, opened_context

LAST = STAGES[-1].name
POLL_SECONDS = 0.2
ROUNDS = 2
MOST_MS = 5.0
MOST_MIB = 2048.0


def run_missing(settings: Settings, segments: int, stages: list[AnyStage], share: tuple[int, int] = (0, 1)) -> None:
    """Run the segments that are not made, each as a run of its own; `share` is the first one and every how many-th."""
    spec = CollectionSpec(name=SOURCE, source=SOURCE, segments=segments)
    definitions = dg.Definitions(
        assets=[build_pipeline(spec, batch_size=1, stages=stages)],
        jobs=[dg.define_asset_job("segments", selection=dg.AssetSelection.all().without_checks())],
        resources={"ports": ConfiguredPorts(settings), "documents": DocumentsIOManager()},
        executor=dg.in_process_executor,
    )
    job = definitions.resolve_job_def("segments")
    with open_instance(settings.dagster_home) as instance:
        for _ in range(ROUNDS):
            for segment in segment_names(segments)[share[0] :: share[1]]:
                if segment not in made(instance):
                    run = job.execute_in_process(
                        instance=instance, partition_key=segment, run_config=QUIET, raise_on_error=False
                    )
                    if not run.success:
                        failed = [str(event.event_specific_data) for event in run.all_events if event.is_failure]
                        print(f"the run over {segment} failed: {failed}", file=sys.stderr)
        assert set(segment_names(segments)[share[0] :: share[1]]) <= made(instance), "segments are red"


def made(instance: dg.DagsterInstance) -> set[str]:
    """The segments of which the last stage is made."""
    return instance.get_materialized_partitions(dg.AssetKey([SOURCE, LAST]))


class Workers:
    """Processes that run what is missing, each a share of the segments."""

    def __init__(self, home: Path, segments: int, at_once: int) -> None:
        command = [sys.executable, __file__, "--work", str(home), "--segments", str(segments)]
        self._processes = [
            subprocess.Popen([*command, "--share", str(number), str(at_once)], stdout=subprocess.PIPE, text=True)
            for number in range(at_once)
        ]

    def killed_when(self, settings: Settings, count: int) -> int:
        """Kill them when so many segments are made; gives how many are."""
        with open_instance(settings.dagster_home) as instance:
            while len(made(instance)) < count:
                assert all(process.poll() is None for process in self._processes), "one ended before it was killed"
                time.sleep(POLL_SECONDS)
            for process in self._processes:
                process.send_signal(signal.SIGKILL)
            assert [process.wait() for process in self._processes] == [-signal.SIGKILL] * len(self._processes)
            return len(made(instance))

    def ended(self) -> list[dict[str, float]]:
        """What they say of themselves at their end: CPU seconds and mebibytes."""
        told = [process.communicate()[0] for process in self._processes]
        assert all(process.returncode == 0 for process in self._processes), "one failed"
        return [json.loads(text.splitlines()[-1]) for text in told]


def work(home: Path, segments: int, share: tuple[int, int]) -> None:
    """As such a process."""
    run_missing(unconnected(home), segments, trivial_stages([LAST]), share)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "mebibytes": used.ru_maxrss / 1024}))


def million(home: Path, recids: int, segments: int, at_once: int) -> list[Figure]:
    """The first question."""
    settings = unconnected(home)
    with open_instance(settings.dagster_home) as instance:
        began = time.monotonic()
        register_recids(instance, SOURCE, [Recid(str(number)) for number in range(recids)])
        registered = time.monotonic() - began
    began = time.monotonic()
    before = Workers(home, segments, at_once).killed_when(settings, segments // 2)
    used = Workers(home, segments, at_once).ended()
    seconds = time.monotonic() - began
    with open_instance(settings.dagster_home) as instance:
        assert made(instance) == set(segment_names(segments))
        failed = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        asked = time.monotonic()
        counts = standing_of(instance, SOURCE).counts
        standing = time.monotonic() - asked
    with opened_context(settings, collection_named(settings, SOURCE)) as context:
        documents = sum(1 for _ in context.adapters.documents.recids(SOURCE, LAST))
    return [
        Figure("recids", recids, ""),
        Figure("segments", segments, ""),
        Figure("recids registered in", registered, "s"),
        Figure("segments made when all were killed", before, ""),
        Figure("runs of a segment that failed, and were run again", failed, ""),
        Figure("recids published, by the ledger", counts["published"], "", at_least=recids, at_most=recids),
        Figure("documents", documents, "", at_least=recids, at_most=recids),
        Figure("in all", seconds, "s"),
        Figure("one stage of nothing", 1000 * seconds / recids, "ms a recid", at_most=MOST_MS),
        Figure("the ledger over all of them", standing, "s"),
        Figure("disk: documents", allocated_kib(settings.home / "store") / recids, "KiB a recid"),
        Figure("disk: events", allocated_kib(settings.telemetry_dir) / recids, "KiB a recid"),
        Figure("disk: Dagster", allocated_kib(settings.dagster_home) / recids, "KiB a recid"),
        Figure("CPU of the processes after that", sum(each["cpu"] for each in used), "s"),
        Figure("memory of one, at most", max(each["mebibytes"] for each in used), "MiB", at_most=MOST_MIB),
    ]


def allocated_kib(folder: Path) -> float:
    """What the files below a folder take of the disk."""
    return sum(place.stat().st_blocks for place in folder.rglob("*") if place.is_file()) / 2


def share(home: Path, count: int, recids: int) -> list[Figure]:
    """The second question."""
    template = {name: value for name, value in sample_collection().records[TEMPLATE].items() if name != "doi"}
    some = [Recid(str(number)) for number in range(1, count + 1)]
    portal = build_portal(Copies({recid: {**template, "recid": recid} for recid in some}))
    target = build_embedded(home / "repository", token=TOKEN)
    with serve_in_thread(portal) as source, serve_in_thread(target) as repository:
        settings = load_settings(
            home=home,
            opendata_api_url=source,
            opendata_files_url=source,
            opendata_requests_per_minute=0,
            repository_url=repository,
            repository_token=SecretStr(TOKEN),
        )
        with open_instance(settings.dagster_home) as instance:
            register_recids(instance, SOURCE, some)
        began, cpu = time.monotonic(), time.process_time()
        run_missing(settings, 1, list(STAGES))
        each, used = (time.monotonic() - began) / count, (time.process_time() - cpu) / count
    return [
        Figure("real flows, one segment of", count, "recids"),
        Figure("real flows", 1000 * each, "ms a recid"),
        Figure("real flows, CPU of all in the process", 1000 * used, "ms a recid"),
        Figure("real flows, reckoned for all", each * recids / 3600, "hours"),
    ]


def main(recids: int, segments: int, at_once: int, real: int, folder: Path | None) -> list[Figure]:
    """Measure, in a folder where there is room for 8 GiB."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-", dir=folder) as name:
        os.environ["CERN_ASSETS_HOME"] = f"{name}/million"
        figures = million(Path(name) / "million", recids, segments, at_once)
        os.environ["CERN_ASSETS_HOME"] = f"{name}/share"
        return figures + share(Path(name) / "share", real, recids)


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"
    warnings.simplefilter("ignore")
    arguments = parser("millions", __doc__)
    arguments.add_argument("--recids", type=int, default=1_000_000)
    arguments.add_argument("--segments", type=int, default=100)
    arguments.add_argument("--real", type=int, default=300, help="recids that go through the real flows")
    arguments.add_argument("--home", type=Path, help="a folder for what it makes; the system's own for such things")
    arguments.add_argument("--at-once", type=int, default=2, help="processes that run segments")
    arguments.add_argument("--share", type=int, nargs=2, default=(0, 1), help=argparse.SUPPRESS)
    arguments.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.work:
        os.environ["CERN_ASSETS_HOME"] = str(given.work)
        work(given.work, given.segments, tuple(given.share))
    else:
        answer(main(given.recids, given.segments, given.at_once, given.real, given.home), given)
