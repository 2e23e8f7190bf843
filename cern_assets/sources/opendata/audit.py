"""The auditor's rules for CERN Open Data: what its curators would want to know of, and how to mend it.

Rules are told apart from the portal's habits, so that a report has no noise: that nearly all trigger records state no
licence, or that an umbrella's children are named by the umbrella only, is so for thousands of records, and no fault of
any of them.
"""

from collections.abc import Iterator
from dataclasses import replace

from cern_assets.audit.across import dangling, one_sided, same_titles, umbrella_totals, unlike_words
from cern_assets.audit.corpus import Facts, Relation, Totals
from cern_assets.audit.rules import CorpusRule, Rulebook, Subject
from cern_assets.audit.texts import TEXT_RULES
from cern_assets.audit.usual import DOI_TWICE
from cern_assets.errors import RecordNotFoundError
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, JsonObject
from cern_assets.sources.opendata.audit_files import CHECKSUM_RULES, FILE_RULES
from cern_assets.sources.opendata.audit_rules import RECORD_RULES, text_at
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.sources.opendata.irregularities import listed_relations
from cern_assets.sources.opendata.recids import parse_recid

_WORDS = ("accelerator", "collaboration.name", "collision_information.type", "publisher", "license.attribution")


def said(body: JsonObject, _record: SourceRecord) -> JsonObject:
    """The record as curators keep it: of an answer of the API, what stands below `metadata`."""
    inner = body.get("metadata")
    return inner if isinstance(inner, dict) else body


def facts(subject: Subject) -> Facts:
    """What of a record is compared with others."""
    metadata = subject.record.metadata
    totals = _part(metadata, "distribution")
    stated = Totals(_int(totals, "number_files"), _int(totals, "size"), _int(totals, "number_events"))
    told_apart = ("type", "experiment", "run_period", "date_created", "collision_information", "title_additional")
    named = metadata.get("relations")
    return Facts(
        title=str(metadata.get("title") or ""),
        alike=[metadata.get(name) for name in (*told_apart, "collections")],
        umbrella=not subject.record.files and bool(stated.files),
        has_relations=isinstance(named, list) and bool(named),
        totals=stated,
        relations=tuple(_relations(metadata)),
        words=tuple((field, word) for field in _WORDS if (word := text_at(metadata, field))),
        identifiers=(("doi", doi),) if (doi := text_at(metadata, "doi")) else (),
    )


def _relations(metadata: JsonObject) -> Iterator[Relation]:
    for position, relation in listed_relations(metadata):
        try:
            target = parse_recid(str(relation.get("recid") or ""))
        except RecordNotFoundError:
            continue
        yield Relation(str(relation.get("type")), target, f"relations[{position}]")


def _related(kind: str, recid: Recid) -> Json:
    return {"type": kind, "recid": recid}


def _part(said: JsonObject, name: str) -> JsonObject:
    part = said.get(name)
    return part if isinstance(part, dict) else {}


def _int(said: JsonObject, name: str) -> int | None:
    number = said.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 else None


_ACROSS = (
    replace(DOI_TWICE, example="two records of 10.7483/OPENDATA.CMS.ETJK.JKMB"),
    CorpusRule(
        id="umbrella-totals",
        group="totals",
        severity="warning",
        title="Umbrella whose totals are not those of its parts",
        reason="The portal's numbers for the whole are wrong; 9,999 is what a search shows at most.",
        example="states 9,999 files; its 5 parts sum to 13,037",
        mends="states the sum of the parts",
        find=umbrella_totals(
            "isParentOf",
            {
                "files": ("distribution", "number_files"),
                "bytes": ("distribution", "size"),
                "events": ("distribution", "number_events"),
            },
        ),
    ),
    CorpusRule(
        id="relation-one-sided",
        group="relations",
        severity="note",
        title="Relation that the other record does not tell of",
        reason="Readers come from one side only. Parents that name no child at all are left alone: it is a habit.",
        example="81507 says isParentOf 81000, which does not say isChildOf 81507",
        mends="adds the relation to the other record",
        find=one_sided(mutual=("isSiblingOf",), parents={"isParentOf": ("isChildOf", "isPartOf")}, related=_related),
    ),
    CorpusRule(
        id="relation-dangling",
        group="relations",
        severity="warning",
        title="Relation to a record that is not there",
        reason="The record was withdrawn or never published, or the recid has a slip.",
        example="isChildOf 99999",
        find=dangling,
        whole=True,
    ),
    CorpusRule(
        id="title-twice",
        group="titles",
        severity="note",
        title="Records that nothing tells apart in a list",
        reason="They share title, type, years, periods and energy: who searches sees the same line again and again.",
        example="31 records called `Configuration file for SIM step`",
        find=same_titles,
    ),
    CorpusRule(
        id="word-spellings",
        group="words",
        severity="note",
        title="One word in several spellings",
        reason="Facets show it twice, and each finds a part of the records.",
        example="CERN LHC beside CERN-LHC",
        mends="writes it as nearly all records do; where no spelling prevails, there is none",
        find=unlike_words,
    ),
)

BOOK = Rulebook(
    title="CERN Open Data",
    rules=(*CHECKSUM_RULES, *FILE_RULES, *RECORD_RULES, *TEXT_RULES),
    across=_ACROSS,
    crosswalk=CROSSWALK,
    facts=facts,
    said=said,
)
