"""The plain fields of CERN Open Data's crosswalk: a function a row."""

from cern_assets.metadata.bodies import preferred
from cern_assets.metadata.dates import is_edtf_date
from cern_assets.metadata.identifiers import bare_doi, is_doi, is_url, why_no_doi
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.markup import clean_markup
from cern_assets.metadata.people import organisation
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import UNSTATED_LICENCE, Finding, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json
from cern_assets.sources.opendata.config import SITE_URL
from cern_assets.sources.opendata.links import link_list, record_url

_SHORTEST = 3
"""Characters that InvenioRDM wants in a title or description."""

_DOI_START = "10.7483/opendata."

_RESOURCE_TYPES = {
    # Measured, derived or simulated: data, also where they serve to read other data.
    ("Dataset", "Collision"): "dataset",
    ("Dataset", "Derived"): "dataset",
    ("Dataset", "Simulated"): "dataset",
    ("Environment", "Condition"): "dataset",  # calibrations and detector conditions
    ("Environment", "Validation"): "dataset",  # lists of validated runs
    ("Supplementaries", "Correction"): "dataset",
    ("Supplementaries", "Luminosity"): "dataset",
    # What is run, or tells a program what to do.
    ("Environment", "VM"): "software",
    ("Software", "Analysis"): "software",
    ("Software", "Framework"): "software",
    ("Software", "Tool"): "software",
    ("Software", "Validation"): "software",
    ("Software", "Workflow"): "software",
    ("Supplementaries", "Configuration HLT"): "software",  # configuration of CMSSW is Python
    ("Supplementaries", "Configuration LHE"): "software",
    ("Supplementaries", "Configuration RECO"): "software",
    ("Supplementaries", "Configuration SIM"): "software",
    ("Supplementaries", "Configuration"): "software",
    # What is read.
    ("Documentation", "Activities"): "publication-other",
    ("Documentation", "Authors"): "publication-other",
    ("Documentation", "Guide"): "publication-softwaredocumentation",
    ("Documentation", "Help"): "publication-softwaredocumentation",
    ("Documentation", "Policy"): "publication-other",
    ("Documentation", "Report"): "publication-report",
    ("Supplementaries", "Computing Note"): "publication-technicalnote",
    ("Supplementaries", "Logbook"): "publication-other",
    ("Supplementaries", "Manual"): "publication-softwaredocumentation",
    # Descriptions of a trigger or a word, which are none of these.
    ("Glossary", ""): "other",
    ("News", ""): "other",
    ("Supplementaries", "Trigger"): "other",
}
"""Decided pair by pair, by what is in the records and not by what the portal's menu calls them."""

_CALLED = {"cms_confdb_id": "cms_confdb_id", "prepublication.report_number": "report number"}
_SIZES = {"size": "bytes", "number_files": "files", "number_events": "events", "number_entries": "entries"}
_ONE = {"bytes": "byte", "files": "file", "events": "event", "entries": "entry"}
_DATES = {
    "date_created[]": ("created", "Data taken or made"),
    "date_reprocessed": ("other", "Reprocessed"),
    "prepublication.date": ("issued", "First published"),
}


def source_identifier(recid: Recid) -> str:
    """Give the portal's OAI identifier: unique over all sources, so that the record is found again by it."""
    return f"oai:cernopendata.cern:{recid}"


def public_access(_: Reading) -> Converted:
    """Let everybody read it: restricted records never come this far: the portal does not show them."""
    return Converted({"record": "public", "files": "public"})


def files_enabled(reading: Reading) -> Converted:
    """Say whether there are files; InvenioRDM refuses files-enabled records without a file."""
    return Converted(reading.files > 0)


def identifiers(reading: Reading) -> Converted:
    """Make both of the record's recid rather than of the leaf, which may be written otherwise."""
    return Converted(
        [
            {"scheme": "other", "identifier": source_identifier(reading.recid)},
            {"scheme": "url", "identifier": record_url(reading.recid)},
        ]
    )


def resource_type(reading: Reading) -> Converted:
    """Take the type that all pairs of primary and secondary agree on; `other` where there is none or more than one."""
    primary = reading.text("type.primary")
    pairs = [(primary, leaf.text) for leaf in reading.all("type.secondary[]")] or [(primary, "")]
    found = {_RESOURCE_TYPES.get(pair, "") for pair in pairs}
    if len(found) == 1 and "" not in found:
        return Converted({"id": found.pop()})
    finding = Finding(
        code="resource-type-unknown",
        severity="warning",
        field="type",
        value=shorten(", ".join(f"{first} / {second}" for first, second in pairs)),
        message="No entry of the table of resource types fits; carried as `other`.",
    )
    return Converted({"id": "other"}, findings=(finding,))


def title(reading: Reading) -> Converted:
    """Make the title long enough for InvenioRDM."""
    leaf = reading.first("title")
    if leaf is None or len(leaf.text) >= _SHORTEST:
        return Converted(leaf.text if leaf else None)
    message = f"Shorter than {_SHORTEST} characters; the recid was put before it."
    return Converted(f"Record {reading.recid}: {leaf.text}", findings=(_noted(leaf, "title-too-short", message),))


def additional_titles(reading: Reading) -> Converted:
    """Make alternative titles; one too short to be a title, or that repeats title or abstract, is left out."""
    titles = [*reading.all("title_additional"), *reading.all("alternative-title")]
    if not titles:
        return Converted()
    elsewhere = [leaf for leaf in reading.leaves if leaf not in titles]
    repeated = {leaf.text: f"It repeats `{leaf.pattern}`, which is carried." for leaf in elsewhere}
    reason = f"Shorter than {_SHORTEST} characters, which InvenioRDM refuses."
    return Converted(
        [
            {"title": leaf.text, "type": {"id": "alternative-title"}}
            for leaf in titles
            if len(leaf.text) >= _SHORTEST and leaf.text not in repeated
        ],
        tuple(Unused(leaf, "title-too-short", reason) for leaf in titles if len(leaf.text) < _SHORTEST),
        apart=tuple(elsewhere),
        aside=tuple((leaf, repeated[leaf.text]) for leaf in titles if leaf.text in repeated),
    )


def publication_date(reading: Reading) -> Converted:
    """Take the date as it stands: the portal knows years only, and nothing more exact is invented."""
    leaf = reading.first("date_published")
    if leaf is None or is_edtf_date(leaf.text):
        return Converted(leaf.text if leaf else None)
    return Converted(unused=(Unused(leaf, "date-unusable", "No year, month or day that exists.", "error"),))


def publisher(reading: Reading) -> Converted:
    """Take the publisher in its one spelling."""
    said = reading.text("publisher")
    spelt = preferred(said)
    return Converted(spelt, computed=reading.leaves if spelt != said else ())


def description(reading: Reading) -> Converted:
    """Make safe HTML of the abstract, with its links below it: its last sentence often ends where they stand."""
    leaf = reading.first("abstract.description")
    if leaf is None:
        return Converted()
    cleaned = clean_markup(str(leaf.value), base_url=lambda: record_url(reading.recid), origin=SITE_URL)
    if len(cleaned.text.strip()) < _SHORTEST:
        reason = f"It shows fewer than {_SHORTEST} characters, which InvenioRDM refuses."
        return Converted(unused=(Unused(leaf, "description-too-short", reason),))
    findings = tuple(_noted(leaf, "markup-loss", f"Not kept: {loss}.") for loss in cleaned.losses)
    links = link_list(reading, "abstract.links[]")
    return Converted(f"{cleaned.html}{links}", findings=findings)


def doi(reading: Reading) -> Converted:
    """Take the DOI with its capitals: the portal stores and searches them so."""
    leaf = reading.first("doi")
    if leaf is None:
        return Converted()
    bare = bare_doi(leaf.text)
    if not is_doi(bare):
        return Converted(unused=(Unused(leaf, "doi-invalid", f"{why_no_doi(bare)}; the record is carried without."),))
    message = f"Not like the portal's DOIs ({_DOI_START.upper()}...); carried as it stands."
    findings = () if bare.lower().startswith(_DOI_START) else (_noted(leaf, "doi-unusual", message),)
    return Converted({"identifier": bare, "provider": "external"}, findings=findings)


def rights(reading: Reading) -> Converted:
    """Give the licence by its SPDX id where it has one, else by its text."""
    leaf = reading.first("license.attribution")
    if leaf is None:
        message = "No licence is stated, and none is invented; the portal's page shows CC0-1.0 for such records."
        unstated = Finding(code=UNSTATED_LICENCE, severity="note", field="license.attribution", message=message)
        return Converted(findings=(unstated,))
    licence = vocabulary("licences").find(leaf.text)
    if licence:
        return Converted([{"id": licence}])
    right: dict[str, Json] = {"title": {"en": leaf.text}}
    if is_url(leaf.text):
        right["link"] = leaf.text
    message = "No licence of SPDX is called so; carried as text."
    return Converted([right], findings=(_noted(leaf, "licence-unknown", message),))


def subjects(reading: Reading) -> Converted:
    """Make free subjects; of words that differ in capitals only, the first stands."""
    found: dict[str, Json] = {}
    for leaf in reading.leaves:
        subject = preferred(leaf.text) if leaf.pattern == "accelerator" else leaf.text
        found.setdefault(subject.casefold(), {"subject": subject})
    return Converted(list(found.values()))


def _noted(leaf: Leaf, code: str, message: str) -> Finding:
    return Finding(code=code, severity="warning", field=leaf.path, value=shorten(leaf.text), message=message)


def other_identifiers(reading: Reading) -> Converted:
    """Make identifiers of what others call the record: report numbers, and ids of CMS's configuration database."""
    return Converted(
        [{"scheme": "other", "identifier": f"{_CALLED[leaf.pattern]}:{leaf.text}"} for leaf in reading.leaves]
    )


def languages(reading: Reading) -> Converted:
    """Take the language by its ISO 639-3 code; the portal writes its English name, or the code."""
    leaf = reading.first("language")
    if leaf is None:
        return Converted()
    code = vocabulary("languages").find(leaf.text)
    if code is None:
        return Converted(unused=(Unused(leaf, "language-unknown", "No language of ISO 639-3 is written so."),))
    return Converted([{"id": code}])


def formats(reading: Reading) -> Converted:
    """Take the formats as they stand, each once."""
    return Converted(list(dict.fromkeys(leaf.text for leaf in reading.leaves)))


def sizes(reading: Reading) -> Converted:
    """Say the stated sizes with their units: bytes, files, events, entries."""
    found: list[Json] = []
    for name, unit in _SIZES.items():
        leaf = reading.first(f"distribution.{name}")
        if leaf is not None:
            found.append(f"{leaf.text} {unit if leaf.text != '1' else _ONE[unit]}")
    return Converted(found)


def dates(reading: Reading) -> Converted:
    """Make dates of when data were taken or made, reprocessed, and first published elsewhere."""
    found: list[Json] = []
    unused = []
    for leaf in reading.leaves:
        kind, said = _DATES[leaf.pattern]
        if is_edtf_date(leaf.text):
            found.append({"date": leaf.text, "type": {"id": kind}, "description": said})
        else:
            unused.append(Unused(leaf, "date-unusable", "No year, month or day that exists."))
    return Converted(found, tuple(unused))


def group(reading: Reading) -> Converted:
    """Take the group of the collaboration as a contributor."""
    name = reading.text("collaboration.group")
    entry: Json = {"person_or_org": organisation(name), "role": {"id": "researchgroup"}}
    return Converted([entry] if name else None)
