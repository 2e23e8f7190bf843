"""The asset `reports/<collection>`: the page of where records, bytes and time go, and its figures in Dagster's UI."""

from typing import Any

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.pools import STORE
from cern_assets.documents.store import DocumentStore
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.places import build_store
from cern_assets.report.gathered import Gathered, gather
from cern_assets.report.page import page_of, write_page
from cern_assets.report.small import sparkline, states_bar
from cern_assets.settings import load_settings
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.wiring import source_page

PREFIX = "reports"
"""Of the key: a report is no part of its collection's journey, and what selects `<collection>/*` leaves it alone."""
_GROUP = "all_reports"
_SHOWN = 20


def build_report(spec: CollectionSpec) -> dg.AssetsDefinition:
    """The report of a collection, at `<home>/reports/<collection>.html`."""

    @dg.asset(
        key=[PREFIX, spec.name],
        deps=[dg.AssetKey([spec.name, STAGE_NAMES[-1]])],
        group_name=_GROUP,
        pool=STORE,
        kinds={"html"},
        description=f"Where the records, bytes and time of {spec.name} go: one page that needs no network.",
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        settings = load_settings()
        documents = DocumentStore(build_store(settings))
        counts = Counts(
            registered=[(spec.name, registered_recids(context.instance, spec.name))],
            documents={STAGE_NAMES[-1]: [(spec.name, tuple(documents.recids(spec.name, STAGE_NAMES[-1])))]},
            collections=(spec.name,),
            only=(spec.name,),
        )
        with opened_ledger(settings.telemetry_dir, counts) as ledger:
            gathered = gather(ledger, spec.name)
        path = settings.home.resolve() / "reports" / f"{spec.name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_page(path, page_of([gathered], {spec.name: source_page(settings, spec)}))
        return dg.MaterializeResult(metadata=_metadata(gathered) | {"page": dg.MetadataValue.path(path)})

    return report


def _metadata(gathered: Gathered) -> dict[str, Any]:
    """Small figures, numbers that Dagster plots over runs, and what stopped; texts of others stand in tables only."""
    made: dict[str, Any] = {
        "in": dg.MetadataValue.int(gathered.recids),
        **{state: dg.MetadataValue.int(count) for state, count in gathered.totals.items() if count},
    }
    published = gathered.throughput.outcomes.get(STAGE_NAMES[-1], ())
    for name, image in (("states", states_bar(gathered.totals)), ("published_over_time", sparkline(published))):
        if image:
            made[name] = dg.MetadataValue.md(image)
    if gathered.balanced is not None:
        made["balanced"] = dg.MetadataValue.bool(gathered.balanced)
    stopped = [
        dg.TableRecord({name: str(row[name]) for name in ("code", "stage", "recids", "last_recid")})
        for row in gathered.failures[:_SHOWN]
    ]
    if stopped:
        made["stopped"] = dg.MetadataValue.table(stopped)
    return made
