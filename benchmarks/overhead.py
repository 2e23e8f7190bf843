"""What Dagster costs on top of the flows: the same recids through `ingest` and through `run_batch` alone.

    make bench-overhead [ARGS="--recids N --repetitions N --json --check"]

Each repetition brings new made-up records without files from a portal on this machine into an embedded repository,
once by the flows alone (the peer) and once by Dagster runs on SQLite, in alternating order; the medians are printed,
and their ratio. Portal and repository run in the same process and take their share of both.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pydantic import SecretStr
from report import Figure, answer, parser

from cern_assets.definitions import build_definitions
from cern_assets.defs.instance import open_instance
from cern_assets.defs.launch import ingest
from cern_assets.defs.resources import ConfiguredPorts
from cern_assets.flows.batch import run_batch
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import JsonObject
from cern_assets.settings import Settings, load_settings
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.wiring import collection_named, opened_context

SOURCE, TEMPLATE, TOKEN = "opendata", "900010", "benchmark"


@dataclass(frozen=True)
class Copies:
    """Many records like one of the sample collection, without files."""

    records: Mapping[str, JsonObject]
    touched: Mapping[str, datetime] = field(default_factory=dict)

    def open(self, path: str) -> BinaryIO | None:  # noqa: ARG002  the portal's question
        """There are no files."""
        return None


def by_flows(settings: Settings, recids: list[Recid]) -> None:
    """The peer: no orchestrator."""
    with opened_context(settings, collection_named(settings, SOURCE)) as context:
        assert all(outcomes[-1].succeeded for outcomes in run_batch(context, recids))


def by_dagster(settings: Settings, recids: list[Recid]) -> None:
    """Partitions registered, a run recorded, an event for each recid and stage."""
    definitions = build_definitions(ports=ConfiguredPorts(settings))
    with open_instance(settings.dagster_home) as instance:
        assert all(run.success for run in ingest(definitions, instance, SOURCE, recids, batch_size=settings.batch_size))


def main(count: int, repetitions: int) -> list[Figure]:
    """Measure."""
    ways: dict[str, Callable[[Settings, list[Recid]], None]] = {"flows alone": by_flows, "Dagster, SQLite": by_dagster}
    template = {name: value for name, value in sample_collection().records[TEMPLATE].items() if name != "doi"}
    numbers = range(1, 1 + count * repetitions * len(ways))
    recids = [Recid(str(number)) for number in numbers]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    home = Path(tempfile.mkdtemp(prefix="cern-assets-benchmark-"))
    portal = build_portal(Copies({recid: {**template, "recid": recid} for recid in recids}))
    with serve_in_thread(portal) as source, serve_in_thread(build_embedded(home / "repository", token=TOKEN)) as target:
        settings = load_settings(
            home=home,
            opendata_api_url=source,
            opendata_files_url=source,
            opendata_requests_per_minute=0,
            repository_url=target,
            repository_token=SecretStr(TOKEN),
        )
        with open_instance(settings.dagster_home):
            pass  # making the instance's tables is not what is measured
        for repetition in range(repetitions):
            for name in sorted(ways, reverse=repetition % 2 == 1):
                batch, recids = recids[:count], recids[count:]
                started = time.monotonic()
                ways[name](settings, batch)
                seconds[name].append((time.monotonic() - started) / count)
    peer = statistics.median(seconds["flows alone"])
    dagster = statistics.median(seconds["Dagster, SQLite"])
    return [
        Figure("flows alone", peer * 1000, "ms a recid"),
        Figure("Dagster, SQLite", dagster * 1000, "ms a recid"),
        Figure("Dagster to flows alone", dagster / peer, "x"),
    ]


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument("--recids", type=int, default=100, help="recids in a batch")
    arguments.add_argument("--repetitions", type=int, default=3)
    given = arguments.parse_args()
    answer(main(given.recids, given.repetitions), as_json=given.json, check=given.check)
