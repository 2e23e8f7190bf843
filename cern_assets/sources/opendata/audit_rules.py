"""The auditor's rules for one record of CERN Open Data, its files apart (`audit_files.py`)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from cern_assets.audit.orcids import example_orcids, same_orcids
from cern_assets.audit.patches import removed, replaced
from cern_assets.audit.rules import Fault, Rule, Subject
from cern_assets.audit.texts import misprints
from cern_assets.audit.told import noticed
from cern_assets.audit.usual import (
    AUTHOR_WITHOUT_NAME,
    DOI_INVALID,
    LANGUAGE_UNKNOWN,
    NAME_WITHOUT_COMMA,
    ORCID_INVALID,
    TITLE_MISSING,
)
from cern_assets.model.values import Json, JsonObject
from cern_assets.sources.opendata.irregularities import listed_relations

_DOI = re.compile(r"10\.7483/OPENDATA(?:\.[A-Z0-9]+)?(?:\.[A-Z0-9]{4}){2}")
_LICENSED = ("Dataset", "Environment", "Software")
"""Types of what people use again; records of other types state no licence by habit."""

_PYTHON = re.compile(r"\['\d{4}'\]|\['[^'\]]{1,40}'\]None")
_MISPRINTS = {
    "anaysis": "analysis",
    "availabe": "available",
    "avalaible": "available",
    "reconstruced": "reconstructed",
    "reconstuction": "reconstruction",
}
_EMPTY: tuple[object, ...] = ("", [], {}, None)


def _odd_dois(subject: Subject) -> Iterator[Fault]:
    doi = text_at(subject.said, "doi")
    if doi and not _DOI.fullmatch(doi.upper()):
        yield Fault("doi", doi, "Not formed as the portal forms DOIs: 10.7483/OPENDATA.<experiment>.XXXX.XXXX.")


def _small_dois(subject: Subject) -> Iterator[Fault]:
    doi = text_at(subject.said, "doi")
    if doi != doi.upper() and _DOI.fullmatch(doi.upper()):
        message = "The same DOI as in capitals, in which the portal's search wants it."
        yield Fault("doi", doi, message, replaced(("doi",), doi, doi.upper()))


def _without_doi(subject: Subject) -> Iterator[Fault]:
    if text_at(subject.said, "type.primary") == "Dataset" and not text_at(subject.said, "doi"):
        yield Fault("doi", None, "The dataset has no DOI.")


def _empty_fields(subject: Subject) -> Iterator[Fault]:
    found = [leaf for leaf in subject.leaves if leaf.value in _EMPTY and isinstance(leaf.steps[-1], str)]
    for leaf in found:
        yield Fault(leaf.path, leaf.value, "The field is there, and empty.", removed(leaf.steps, leaf.value))


def _unstated_licences(subject: Subject) -> Iterator[Fault]:
    kind = text_at(subject.said, "type.primary")
    if kind in _LICENSED and not text_at(subject.said, "license.attribution"):
        yield Fault("license.attribution", None, f"{kind} without a licence.")


def _aimless(subject: Subject) -> Iterator[Fault]:
    for position, relation in listed_relations(subject.said):
        if not relation.get("recid") and not relation.get("doi"):
            shown = relation.get("title") or relation.get("description") or relation.get("type")
            yield Fault(f"relations[{position}]", shown, f"`{relation.get('type')}` names neither a recid nor a DOI.")


def _itself(subject: Subject) -> Iterator[Fault]:
    for position, relation in listed_relations(subject.said):
        if str(relation.get("recid")) == subject.record.recid:
            yield Fault(f"relations[{position}].recid", relation.get("recid"), "The record is related to itself.")


def _stated_twice(subject: Subject) -> Iterator[Fault]:
    """From the last to the first, so that no removal moves what the next one means."""
    seen: dict[tuple[object, object], int] = {}
    again = []
    for position, relation in listed_relations(subject.said):
        if relation.get("recid"):
            first = seen.setdefault((relation.get("type"), relation.get("recid")), position)
            again += [(position, first, relation)] if first != position else []
    for position, first, relation in reversed(again):
        patch = removed(("relations", position), cast("Json", relation))
        yield Fault(f"relations[{position}]", relation.get("recid"), f"The same as `relations[{first}]`.", patch)


def _python(subject: Subject) -> Iterator[Fault]:
    for leaf, text in subject.texts:
        if match := _PYTHON.search(text):
            around = text[max(0, match.start() - 30) : match.end() + 10]
            yield Fault(leaf.path, around, "A program wrote its own notation of a value into the text.")


def _years(subject: Subject) -> Iterator[Fault]:
    published = text_at(subject.said, "date_published")[:4]
    created = subject.said.get("date_created")
    for position, year in enumerate(created if isinstance(created, list) else []):
        if published.isdigit() and str(year)[:4].isdigit() and str(year)[:4] > published:
            yield Fault(f"date_created[{position}]", year, f"Created in {year}, and published in {published} already.")


def text_at(said: JsonObject, field: str) -> str:
    """The text of a field (`type.primary`), "" where there is none."""
    name, _, rest = field.partition(".")
    value = said.get(name)
    if rest:
        return text_at(value, rest) if isinstance(value, dict) else ""
    return value if isinstance(value, str) else ""


RECORD_RULES = (
    Rule(
        id="doi-odd",
        group="identifiers",
        severity="warning",
        title="DOI of an odd form",
        reason="A slip in the prefix or the pattern is most often a DOI that does not resolve. See what is registered.",
        example="10.7483/OOPENDATA.LHCB.EBYF.C7OY",
        find=_odd_dois,
    ),
    Rule(
        id="doi-capitals",
        group="identifiers",
        severity="note",
        title="DOI in small letters",
        reason="DOIs are the same in any case; the portal's search by DOI is not.",
        example="10.7483/OPENDATA.LHCb.6BDP.9K6B",
        mends="writes it in capitals",
        find=_small_dois,
    ),
    replace(DOI_INVALID, example="10.7483 OPENDATA"),
    Rule(
        id="doi-missing",
        group="identifiers",
        severity="note",
        title="Dataset without DOI",
        reason="It cannot be cited; nearly all datasets of the portal have one.",
        example="type Dataset, no doi",
        find=_without_doi,
    ),
    Rule(
        id="relation-aimless",
        group="relations",
        severity="warning",
        title="Relation that names no record",
        reason="Without recid and DOI nobody can follow it.",
        example='{"type": "isChildOf", "title": "/Jet/Run2010B-v1/RAW"}',
        find=_aimless,
    ),
    Rule(
        id="relation-to-itself",
        group="relations",
        severity="warning",
        title="Record that is related to itself",
        reason="The other record was meant.",
        example='recid 1, {"type": "isChildOf", "recid": "1"}',
        find=_itself,
    ),
    Rule(
        id="relation-twice",
        group="relations",
        severity="note",
        title="Relation stated twice",
        reason="Readers see the same record twice.",
        example="two entries of one type and recid",
        mends="takes all but the first away",
        find=_stated_twice,
    ),
    Rule(
        id="relation-unknown",
        group="relations",
        severity="warning",
        title="Relation of an unknown kind",
        reason="The portal's schema does not know it, and no page shows it.",
        example='"type": "isCousinOf"',
        find=noticed("relation-unknown"),
    ),
    Rule(
        id="link-unusable",
        group="relations",
        severity="warning",
        title="Link that leads nowhere",
        reason="It is no address of the web, or a recid that can be none.",
        example='"recid": "see above"',
        find=noticed("link-unusable"),
    ),
    replace(
        TITLE_MISSING,
        title="Record without title or type",
        find=noticed("title-missing", "type-missing", "title-too-short"),
    ),
    Rule(
        id="shape-unexpected",
        group="texts",
        severity="warning",
        title="Field of another shape than the schema says",
        reason="Programs that trust the schema stop or pass over it.",
        example="a string where an object belongs",
        find=noticed("unexpected-shape", "unmapped"),
    ),
    Rule(
        id="field-empty",
        group="texts",
        severity="note",
        title="Field that is there and empty",
        reason="It says nothing; a search for records that have the field finds it all the same.",
        example='"collaboration": {"recid": ""}',
        mends="takes the field away",
        find=_empty_fields,
    ),
    Rule(
        id="text-of-program",
        group="texts",
        severity="warning",
        title="Notation of a program in a text",
        reason="A template was filled with a list of Python, or with nothing.",
        example="(Version v['1995']c2)",
        find=_python,
    ),
    Rule(
        id="text-misprint",
        group="texts",
        severity="note",
        title="Misprint of a template",
        reason="It stands in hundreds of records, and whoever searches for the right word finds none of them.",
        example="availabe for anaysis",
        mends="writes the words as they are meant",
        find=misprints(_MISPRINTS),
    ),
    Rule(
        id="licence-unstated",
        group="licences",
        severity="warning",
        title="Dataset, environment or software without licence",
        reason="Nobody may use again what has no licence; the page shows CC0-1.0, the record does not say it.",
        example="type Dataset, no license",
        find=_unstated_licences,
    ),
    Rule(
        id="licence-unknown",
        group="licences",
        severity="warning",
        title="Licence that is none of the portal's",
        reason="The portal's own checks refuse it.",
        example='"attribution": "GPL3"',
        find=noticed("licence-unknown"),
    ),
    replace(LANGUAGE_UNKNOWN, example='"language": "Englisch"'),
    Rule(
        id="type-unknown",
        group="words",
        severity="warning",
        title="Type that is unknown",
        reason="Neither the portal's facets nor a repository know it.",
        example='"secondary": ["Colision"]',
        find=noticed("resource-type-unknown"),
    ),
    ORCID_INVALID,
    Rule(
        id="orcid-twice",
        group="people",
        severity="warning",
        title="One ORCID iD at two authors",
        reason="At least one of them has somebody else's.",
        example="two authors of 0000-0002-7145-630X",
        find=same_orcids(("authors[].orcid",)),
    ),
    example_orcids(("authors[].orcid",)),
    replace(AUTHOR_WITHOUT_NAME, find=noticed("author-without-name")),
    NAME_WITHOUT_COMMA,
    Rule(
        id="date-unusable",
        group="dates",
        severity="warning",
        title="Date that does not exist",
        reason="It is no year, month or day.",
        example="2014-13",
        find=noticed("date-unusable"),
    ),
    Rule(
        id="date-reversed",
        group="dates",
        severity="warning",
        title="Created after it was published",
        reason="One of the years is wrong.",
        example="date_created 2018, date_published 2017",
        find=_years,
    ),
)
