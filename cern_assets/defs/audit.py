"""The audit of a collection as an asset: the auditor's rules over its raw records, a check a group, and a page.

It stands beside the journey and is run by whoever wants to know, as it reads every raw record.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import dagster as dg

from cern_assets.audit.corpus import opened_corpus
from cern_assets.audit.rules import Group
from cern_assets.audit.running import Results, Tally, audit
from cern_assets.collections.spec import CollectionSpec
from cern_assets.documents.raw_records import raw_records
from cern_assets.documents.store import DocumentStore
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.places import build_store
from cern_assets.report.audit_page import SHOWN, audit_page
from cern_assets.report.page import write_page
from cern_assets.settings import load_settings
from cern_assets.wiring import source_parts

PREFIX = "audits"
"""Of the key: an audit is no part of its collection's journey, and what selects `<collection>/*` leaves it alone."""

_GROUP = "all_audits"
_WORST = 100
_CASES = dg.TableSchema(
    columns=[
        dg.TableColumn("rule", "string", "Its page is docs/reference/audit-rules.md."),
        dg.TableColumn("recid", "string"),
        dg.TableColumn("places", "int", "How many places of the record it speaks of."),
        dg.TableColumn("field", "string", "Its place in the source's record."),
        dg.TableColumn("value", "string"),
        dg.TableColumn("what", "string"),
    ]
)


def build_audit(spec: CollectionSpec) -> dg.AssetsDefinition:
    """The audit of a collection, with its page at `<home>/reports/<collection>-audit.html`."""
    book = source_parts(spec.source).rulebook()
    key = dg.AssetKey([PREFIX, spec.name])
    groups = tuple(Results(book, shown=0).groups)

    @dg.multi_asset(
        name=f"{PREFIX}__{spec.name}",
        specs=[
            dg.AssetSpec(
                key,
                deps=[dg.AssetKey([spec.name, STAGE_NAMES[0]])],
                group_name=_GROUP,
                kinds={"html"},
                description=f"What is irregular about the source records of {spec.name}: a page for their curators.",
            )
        ],
        check_specs=[dg.AssetCheckSpec(group, asset=key, description=_described(group)) for group in groups],
    )
    def audited() -> Iterator[dg.MaterializeResult[None]]:
        settings = load_settings()
        results = Results(book, shown=SHOWN)
        with closing(build_store(settings)) as store, opened_corpus() as corpus:
            records = results.counted(raw_records(DocumentStore(store), spec.name))
            for case in audit(records, book, corpus, whole=False):
                results.add(case)
        path = settings.home.resolve() / "reports" / f"{spec.name}-audit.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_page(path, audit_page(results, f"collection {spec.name}"))
        yield dg.MaterializeResult(
            metadata={
                "records": dg.MetadataValue.int(results.records),
                "cases": dg.MetadataValue.int(sum(tally.cases for tally in results.tallies)),
                "patches": dg.MetadataValue.int(sum(tally.patches for tally in results.tallies)),
                "page": dg.MetadataValue.path(path),
            },
            check_results=[_checked(group, tallies) for group, tallies in results.groups.items()],
        )

    return audited


def _described(group: Group) -> str:
    return f"Rules of the group `{group}` over the source's records, with counts and the worst cases."


def _checked(group: Group, tallies: list[Tally]) -> dg.AssetCheckResult:
    """A group's check: notes fail none. It warns, as a fault of the source stops nothing here."""
    passed = all(tally.rule.severity == "note" for tally in tallies if tally.cases)
    return dg.AssetCheckResult(
        check_name=group, passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=_metadata(tallies)
    )


def _metadata(tallies: list[Tally]) -> dict[str, Any]:
    """Counts by rule, and the worst cases as data: what a record says is never Markdown."""
    counts = {tally.rule.id: dg.MetadataValue.int(tally.cases) for tally in tallies}
    cases = [case for tally in tallies for case in tally.worst]
    worst = sorted(cases, key=lambda case: -case.places)[:_WORST]
    rows = [
        dg.TableRecord(
            {
                "rule": case.rule.id,
                "recid": case.recid,
                "places": case.places,
                "field": case.field,
                "value": case.value,
                "what": case.message,
            }
        )
        for case in worst
    ]
    return {**counts, "worst": dg.MetadataValue.table(rows, schema=_CASES)}
