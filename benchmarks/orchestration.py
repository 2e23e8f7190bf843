"""What Dagster costs a recid: our pipeline beside the stock way, and the real flows beside themselves without Dagster.

    make bench-orchestration [ARGS="--recids N --real N --stock N --repetitions N --json --check"]

Three questions, on SQLite and on PostgreSQL in the same run, medians of repetitions in alternating order:

1. Stages that find nothing to do, through our pipeline in one run; beside them the stock ways: five assets in one run
   over a range, and a run for each recid with the multiprocess executor.
2. Made-up records without files into the embedded repository: by the flows alone (the peer) and through Dagster. Portal
   and repository run in a process of their own: they take their share of the time of both, and none of the CPU.
3. The flows taken apart, one recid at a time: what a recid costs in documents, journal, events, source and repository.
"""

import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Queue
from typing import Any, BinaryIO

import dagster as dg
from pydantic import SecretStr
from report import Figure, answer, parser

from cern_assets.collections.spec import CollectionSpec
from cern_assets.definitions import build_definitions
from cern_assets.defs.instance import open_instance
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.launch import ingest
from cern_assets.defs.partitions import register_recids
from cern_assets.defs.pipeline import build_pipeline
from cern_assets.defs.resources import ConfiguredPorts
from cern_assets.documents.journal import Journal
from cern_assets.flows.batch import run_batch
from cern_assets.flows.journey import STAGES, AnyStage
from cern_assets.flows.stages import Context, Made, Stage, Summary
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.model.values import JsonObject
from cern_assets.settings import Settings, load_settings
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.wiring import collection_named, opened_context

CHECKOUT = Path(__file__).parents[1]
SOURCE, TEMPLATE, TOKEN = "opendata", "900010", "benchmark"
SPEC = CollectionSpec(name=SOURCE, source=SOURCE)
STORAGES = ("SQLite", "PostgreSQL")
NAMES = tuple(stage.name for stage in STAGES)
MOST_TRIVIAL_MS = {"SQLite": 20.0, "PostgreSQL": 5.0}
MOST_REAL = {"SQLite": 1.5, "PostgreSQL": 1.2}
MOST_FLOWS_MS = 9.0


@dataclass(frozen=True)
class Copies:
    """Many records like one of the sample collection, without files."""

    records: Mapping[str, JsonObject]
    touched: Mapping[str, datetime] = field(default_factory=dict)

    def open(self, path: str) -> BinaryIO | None:  # noqa: ARG002  the portal's question
        """There are no files."""
        return None


def trivial_stages(names: Sequence[str] = NAMES) -> list[AnyStage]:
    """Stages that find what they left, each after the other."""
    return [
        Stage(
            name=name,
            kind="json",
            description="A stage of a benchmark.",
            body=Manifest,
            needs={names[number - 1]: lambda manifest: len(manifest.files)} if number else {},
            make=lambda _context, _task: Made(Manifest(files=())),
            summarise=lambda _body: Summary(),
        )
        for number, name in enumerate(names)
    ]


def unconnected(home: Path) -> Settings:
    """The settings of a home where nothing is asked of any source or target."""
    return load_settings(
        home=home,
        opendata_requests_per_minute=0,
        repository_url="http://127.0.0.1:1",
        repository_token=SecretStr(TOKEN),
    )


def trivial_definitions(settings: Settings) -> dg.Definitions:
    """Our pipeline over them."""
    return dg.Definitions(
        assets=[build_pipeline(SPEC, batch_size=settings.batch_size, stages=trivial_stages())],
        jobs=[dg.define_asset_job(f"{SOURCE}_ingest", selection=dg.AssetSelection.all().without_checks())],
        resources={"ports": ConfiguredPorts(settings), "documents": DocumentsIOManager()},
        executor=dg.in_process_executor,
    )


def stock_definitions(executor: dg.ExecutorDefinition) -> dg.Definitions:
    """Five assets as a reader of Dagster's documentation writes them, their partitions in one range or one by one."""

    def stock(number: int) -> dg.AssetsDefinition:
        @dg.asset(
            name=f"stock_{number}",
            partitions_def=dg.DynamicPartitionsDefinition(name=f"{SOURCE}_recid"),
            deps=[f"stock_{number - 1}"] if number else [],
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def asset() -> dg.MaterializeResult[None]:
            return dg.MaterializeResult()

        return asset

    return dg.Definitions(
        assets=[stock(number) for number in range(len(NAMES))],
        jobs=[dg.define_asset_job("stock", selection=dg.AssetSelection.all())],
        executor=executor,
    )


def stock_job() -> dg.JobDefinition:
    """For processes of the multiprocess executor."""
    return stock_definitions(dg.multiprocess_executor).resolve_job_def("stock")


def seconds_of(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def ingested(settings: Settings, definitions: dg.Definitions, recids: list[Recid]) -> None:
    """Through our own launcher: partitions registered, a run recorded, an event for each recid and stage."""
    with open_instance(settings.dagster_home) as instance:
        assert all(run.success for run in ingest(definitions, instance, SOURCE, recids, batch_size=len(recids)))


def by_flows(settings: Settings, recids: list[Recid]) -> None:
    """The peer: no orchestrator."""
    with opened_context(settings, collection_named(settings, SOURCE)) as context:
        assert all(outcomes[-1].succeeded for outcomes in run_batch(context, recids))


def stock_range(settings: Settings, recids: list[Recid]) -> None:
    """One run over a range; neighbours, as they were registered together."""
    job = stock_definitions(dg.in_process_executor).resolve_job_def("stock")
    ends = {"start": recids[0], "end": recids[-1]}
    with open_instance(settings.dagster_home) as instance:
        tags = {f"dagster/asset_partition_range_{end}": recid for end, recid in ends.items()}
        assert job.execute_in_process(instance=instance, tags=tags, run_config=QUIET).success


def stock_one_by_one(settings: Settings, recids: list[Recid]) -> None:
    """A run each, a process for each step."""
    with open_instance(settings.dagster_home) as instance:
        for recid in recids:
            job = dg.build_reconstructable_job(
                "orchestration",
                "stock_job",
                reconstructable_kwargs={},
                reconstructor_working_directory=str(Path(__file__).parent),
            )
            run = dg.execute_job(job, instance=instance, tags={"dagster/partition": recid}, run_config=QUIET)
            assert run.success


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Taken:
    """Seconds of calls of one kind, one call at a time."""

    def __init__(self, inner: Any, name: str, totals: dict[str, float]) -> None:
        self._inner, self._name, self._totals = inner, name, totals

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def timed(*given: Any, **named: Any) -> Any:
            started = time.monotonic()
            try:
                result = found(*given, **named)
            finally:
                self._totals[self._name] += time.monotonic() - started
            return Taken(result, self._name, self._totals) if type(result) is type(self._inner) else result

        return timed


@contextmanager
def journal_timed(totals: dict[str, float]) -> Iterator[None]:
    """Have the journal timed as a class: what holds a recid's lease writes a journal of its own making."""
    methods = {name: getattr(Journal, name) for name in ("note", "entries")}

    def timed(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            started = time.monotonic()
            try:
                return method(*given, **named)
            finally:
                totals["journal"] += time.monotonic() - started

        return call

    for name, method in methods.items():
        setattr(Journal, name, timed(method))
    try:
        yield
    finally:
        for name, method in methods.items():
            setattr(Journal, name, method)


def apart(settings: Settings, recids: list[Recid]) -> dict[str, float]:
    """Milliseconds a recid by part, and all of it."""
    totals: dict[str, float] = defaultdict(float)
    with opened_context(settings.model_copy(update={"workers": 1}), collection_named(settings, SOURCE)) as context:
        parts = {"documents", "telemetry", "source", "repository"}
        timed: dict[str, Any] = {name: Taken(getattr(context.adapters, name), name, totals) for name in parts}
        changed: Context = replace(context, adapters=replace(context.adapters, **timed))
        with journal_timed(totals):
            whole = seconds_of(lambda: list(run_batch(changed, recids)))
    measured = {**totals, "rest": whole - sum(totals.values()), "in all": whole}
    return {name: 1000 * seconds / len(recids) for name, seconds in measured.items()}


@contextmanager
def homes() -> Iterator[dict[str, Path]]:
    """A home for each storage, with its instance made: making it is not what is measured."""
    cluster = [sys.executable, str(CHECKOUT / "deploy" / "postgres" / "cluster.py")]
    root = Path(tempfile.mkdtemp(prefix="cern-assets-benchmark-"))
    root.chmod(0o755)  # PostgreSQL runs as another user
    database = str(root / "database")
    found = {}
    try:
        url = subprocess.run([*cluster, "start", "--root", database], check=True, capture_output=True, text=True).stdout
        os.environ["CERN_ASSETS_POSTGRES_URL"] = url.strip()
        for storage, config in (("SQLite", "dagster.yaml"), ("PostgreSQL", "deploy/postgres/dagster.yaml")):
            found[storage] = root / storage
            (found[storage] / "dagster").mkdir(parents=True)
            (found[storage] / "dagster" / "dagster.yaml").write_text((CHECKOUT / config).read_text())
            with open_instance(found[storage] / "dagster"):
                pass
        yield found
    finally:
        subprocess.run([*cluster, "stop", "--root", database], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)


def trivial(settings: Mapping[str, Settings], recids: list[Recid], stock: int, repetitions: int) -> list[Figure]:
    """The first question."""
    figures = []
    for storage in STORAGES:
        own = settings[storage]
        definitions = trivial_definitions(own)
        with open_instance(own.dagster_home) as instance:
            register_recids(instance, SOURCE, recids)
        ingested(own, definitions, recids)  # which leaves what the others find
        ours = [seconds_of(lambda: ingested(own, definitions, recids)) for _ in range(repetitions)]  # noqa: B023  called at once
        each = statistics.median(ours) / len(recids)
        used = time.process_time()
        ingested(own, definitions, recids)
        used = 1000 * (time.process_time() - used) / len(recids)
        figures.append(Figure(f"{storage}: trivial stages, ours, CPU", used, "ms a recid"))
        figures.append(
            Figure(f"{storage}: trivial stages, ours", 1000 * each, "ms a recid", at_most=MOST_TRIVIAL_MS[storage])
        )
        if not stock:
            continue
        batch = seconds_of(lambda: stock_range(own, recids[: 10 * stock]))  # noqa: B023  called at once
        alone = seconds_of(lambda: stock_one_by_one(own, recids[:stock]))  # noqa: B023  called at once
        figures += [
            Figure(f"{storage}: trivial stages, stock, one range", 100 * batch / stock, "ms a recid"),
            Figure(f"{storage}: trivial stages, stock, a run each", 1000 * alone / stock, "ms a recid"),
        ]
    return figures


def real(settings: Mapping[str, Settings], recids: list[Recid], count: int, repetitions: int) -> list[Figure]:
    """The second question and the third."""
    ways: dict[str, Callable[[list[Recid]], None]] = {"flows alone": lambda batch: by_flows(settings["SQLite"], batch)}
    for storage in STORAGES:
        definitions = build_definitions(ports=ConfiguredPorts(settings[storage]))
        ways[storage] = lambda batch, own=settings[storage], made=definitions: ingested(own, made, batch)  # type: ignore[misc]
    waiting = iter(recids)
    seconds: dict[str, list[float]] = defaultdict(list)
    used: dict[str, list[float]] = defaultdict(list)
    kernel: list[float] = []
    for repetition in range(repetitions):
        for name in sorted(ways, reverse=repetition % 2 == 1):
            batch = [next(waiting) for _ in range(count)]
            before, its_kernel = time.process_time(), os.times().system
            seconds[name].append(seconds_of(lambda: ways[name](batch)) / count)  # noqa: B023  called at once
            used[name].append((time.process_time() - before) / count)
            if name == "flows alone":
                kernel.append((os.times().system - its_kernel) / count)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    cpu = {name: statistics.median(found) for name, found in used.items()}
    taken = apart(settings["SQLite"], [next(waiting) for _ in range(count)])
    return [
        Figure("flows alone", 1000 * medians["flows alone"], "ms a recid"),
        Figure("flows alone, CPU", 1000 * cpu["flows alone"], "ms a recid", at_most=MOST_FLOWS_MS),
        Figure("flows alone, CPU of the kernel among it", 1000 * statistics.median(kernel), "ms a recid"),
        *(Figure(f"{storage}: real flows", 1000 * medians[storage], "ms a recid") for storage in STORAGES),
        *(
            Figure(
                f"{storage} to flows alone", medians[storage] / medians["flows alone"], "x", at_most=MOST_REAL[storage]
            )
            for storage in STORAGES
        ),
        *(Figure(f"{storage}: real flows, CPU", 1000 * cpu[storage], "ms a recid") for storage in STORAGES),
        *(Figure(f"{storage} to flows alone, CPU", cpu[storage] / cpu["flows alone"], "x") for storage in STORAGES),
        *(Figure(f"one at a time: {name}", value, "ms a recid") for name, value in taken.items()),
    ]


def _serve(count: int, folder: str, told: "Queue[tuple[str, str]]", ended: Event) -> None:
    template = {name: value for name, value in sample_collection().records[TEMPLATE].items() if name != "doi"}
    portal = build_portal(Copies({recid: {**template, "recid": recid} for recid in map(str, range(1, 1 + count))}))
    with (
        serve_in_thread(portal) as source,
        serve_in_thread(build_embedded(Path(folder), token=TOKEN)) as repository,
    ):
        told.put((source, repository))
        ended.wait()


@contextmanager
def served(count: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Portal and repository in a process of their own, so that its CPU is not counted as ours: their addresses."""
    spawn = multiprocessing.get_context("spawn")
    told, ended = spawn.Queue(), spawn.Event()
    process = spawn.Process(target=_serve, args=(count, str(folder), told, ended))
    process.start()
    try:
        yield told.get(timeout=120)
    finally:
        ended.set()
        process.join()


def main(count: int, few: int, stock: int, repetitions: int) -> list[Figure]:
    """Measure."""
    recids = [Recid(str(number)) for number in range(1, 1 + few * (3 * repetitions + 1))]
    many = [Recid(str(1_000_000 + number)) for number in range(count)]
    with homes() as found, served(len(recids), found["SQLite"] / "repository") as (source, repository):
        settings = {
            storage: load_settings(
                home=home,
                opendata_api_url=source,
                opendata_files_url=source,
                opendata_requests_per_minute=0,
                repository_url=repository,
                repository_token=SecretStr(TOKEN),
            )
            for storage, home in found.items()
        }
        return [*trivial(settings, many, stock, repetitions), *real(settings, recids, few, repetitions)]


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the stock way's processes
    warnings.simplefilter("ignore")
    arguments = parser("orchestration", __doc__)
    arguments.add_argument("--recids", type=int, default=1000, help="recids in a run of trivial stages")
    arguments.add_argument("--real", type=int, default=500, help="recids in a run of real flows: a batch's")
    arguments.add_argument(
        "--stock", type=int, default=3, help="runs of the stock way, or 0; its range is ten times as long"
    )
    arguments.add_argument("--repetitions", type=int, default=3)
    given = arguments.parse_args()
    answer(main(given.recids, given.real, given.stock, given.repetitions), given)
