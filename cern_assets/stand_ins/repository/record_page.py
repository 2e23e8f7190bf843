"""The page of one published record."""

from collections.abc import Iterable, Iterator
from typing import Any

from cern_assets.stand_ins.repository.answers import content_url
from cern_assets.stand_ins.repository.markup import day, items, link, objects, page, rich, section, size, text
from cern_assets.stand_ins.repository.records import RecordView
from cern_assets.stand_ins.repository.tables import StoredContent
from cern_assets.stand_ins.repository.vocabularies import RESOURCE_TYPES

_NAMES_SHOWN = 15
_RESOLVERS = {
    "doi": "https://doi.org/",
    "orcid": "https://orcid.org/",
    "ror": "https://ror.org/",
    "arxiv": "https://arxiv.org/abs/",
    "handle": "https://hdl.handle.net/",
    "url": "",
}


def record_page(view: RecordView) -> str:
    """What a person sees of a record."""
    metadata = view.content["metadata"]
    body = f"""
<article>
<div class="column">
<p class="badges">{_badges(view)}</p>
<h1>{text(metadata.get("title", view.version.id))}</h1>
<p class="names">{_names(metadata, "creators")}</p>
{section("Description", _prose(metadata.get("description")))}
{_files(view)}
{"".join(_more_descriptions(metadata))}
{section("Contributors", _names(metadata, "contributors"))}
{section("References", items(text(entry.get("reference", "")) for entry in objects(metadata, "references")))}
</div>
<aside>
{section("Identifiers", items(_identifiers(view)))}
{section("Licence", items(_rights(entry) for entry in objects(metadata, "rights")))}
{section("Subjects", _subjects(metadata))}
{section("Related works", items(_related(entry) for entry in objects(metadata, "related_identifiers")))}
{section("Dates", items(_dates(view)))}
{section("Details", items(_details(view)))}
</aside>
</article>"""
    return page(str(metadata.get("title", view.version.id)), body)


def resource_type(metadata: dict[str, Any]) -> str:
    """The title of the record's type."""
    given = metadata.get("resource_type")
    kind = str(given.get("id", "")) if isinstance(given, dict) else ""
    return RESOURCE_TYPES.get(kind, kind)


def names(metadata: dict[str, Any], role: str) -> list[str]:
    """The names of creators or contributors."""
    agents = (entry.get("person_or_org") for entry in objects(metadata, role))
    return [str(agent.get("name", "")) for agent in agents if isinstance(agent, dict)]


def _badges(view: RecordView) -> str:
    metadata = view.content["metadata"]
    version = metadata.get("version") or f"v{view.version.index}"
    shown = [("date", metadata.get("publication_date", "")), ("version", f"Version {version}")]
    shown += [("type", resource_type(metadata)), ("access", "Restricted" if view.restricted else "Open")]
    latest = "" if view.is_latest else f" {link(f'/records/{view.version.id}/latest', 'There is a newer version')}"
    return "".join(f'<span class="badge {name}">{text(value)}</span>' for name, value in shown if value) + latest


def _names(metadata: dict[str, Any], role: str) -> str:
    shown = [_agent(entry) for entry in objects(metadata, role)]
    first, rest = "; ".join(shown[:_NAMES_SHOWN]), "; ".join(shown[_NAMES_SHOWN:])
    more = f"<details><summary>and {len(shown) - _NAMES_SHOWN:,} more</summary>{rest}</details>" if rest else ""
    return first + more


def _agent(entry: dict[str, Any]) -> str:
    agent = entry.get("person_or_org")
    if not isinstance(agent, dict):
        return ""
    identifiers = [f" {_identifier(known, known.get('scheme'))}" for known in objects(agent, "identifiers")]
    places = [text(place.get("name") or place.get("id", "")) for place in objects(entry, "affiliations")]
    role = entry.get("role")
    remarks = [*places, *([text(role["id"])] if isinstance(role, dict) and role.get("id") else [])]
    return text(agent.get("name", "")) + "".join(identifiers) + (f" <em>({', '.join(remarks)})</em>" if remarks else "")


def _identifier(entry: dict[str, Any], label: object = None) -> str:
    identifier, scheme = str(entry.get("identifier", "")), str(entry.get("scheme", "")).lower()
    resolver = _RESOLVERS.get(scheme)
    shown = identifier if label is None else str(label).upper()
    return text(shown) if resolver is None else link(f"{resolver}{identifier}", shown)


def _identifiers(view: RecordView) -> Iterator[str]:
    for scheme, pid in view.content["pids"].items():
        yield f"<b>{text(scheme.upper())}</b> {_identifier({**pid, 'scheme': scheme})}"
    for entry in objects(view.content["metadata"], "identifiers"):
        yield f"<b>{text(entry.get('scheme', ''))}</b> {_identifier(entry)}"


def _files(view: RecordView) -> str:
    if not view.content["files"]["enabled"]:
        return section("Files", "<p>This record has metadata only.</p>")
    if view.files_restricted:
        return section("Files", "<p>The files are restricted.</p>")
    total = sum(file.size_bytes or 0 for file in view.files)
    rows = "".join(_file_row(view, file) for file in view.files)
    table = f"<table><thead><tr><th>Name</th><th>Size</th><th>MD5</th></tr></thead><tbody>{rows}</tbody></table>"
    return section(f"Files ({len(view.files)}, {size(total)})", f'<div class="wide">{table}</div>')


def _file_row(view: RecordView, file: StoredContent) -> str:
    name = link(content_url(view, file, ""), file.key)
    checksum = (file.checksum or "").removeprefix("md5:")
    return f"<tr><td>{name}</td><td>{size(file.size_bytes or 0)}</td><td><code>{text(checksum)}</code></td></tr>"


def _more_descriptions(metadata: dict[str, Any]) -> Iterator[str]:
    for entry in objects(metadata, "additional_descriptions"):
        kind = entry.get("type")
        title = str(kind.get("id", "")) if isinstance(kind, dict) else ""
        yield section(title.replace("-", " ").capitalize() or "More", _prose(entry.get("description")))


def _prose(html: object) -> str:
    return f'<div class="prose">{rich(html)}</div>' if html else ""


def _rights(entry: dict[str, Any]) -> str:
    title = entry.get("title")
    label = next(iter(title.values()), "") if isinstance(title, dict) else entry.get("id", "")
    return link(entry.get("link", ""), label)


def _subjects(metadata: dict[str, Any]) -> str:
    labels: Iterable[object] = (entry.get("subject") or entry.get("id", "") for entry in objects(metadata, "subjects"))
    return " ".join(f'<span class="badge">{text(label)}</span>' for label in labels)


def _related(entry: dict[str, Any]) -> str:
    relation = entry.get("relation_type")
    kind = text(relation.get("id", "")) if isinstance(relation, dict) else ""
    return f"<b>{kind}</b> {_identifier(entry)}"


def _dates(view: RecordView) -> Iterator[str]:
    for entry in objects(view.content["metadata"], "dates"):
        kind = entry.get("type")
        yield f"<b>{text(kind.get('id', '') if isinstance(kind, dict) else '')}</b> {text(entry.get('date', ''))}"


def _details(view: RecordView) -> Iterator[str]:
    metadata, version = view.content["metadata"], view.version
    if metadata.get("publisher"):
        yield f"<b>Publisher</b> {text(metadata['publisher'])}"
    yield f"<b>Record</b> {text(version.id)}, version {version.index}"
    yield f"<b>Published here</b> {day(version.created)}, last changed {day(version.updated)}"
    yield link(f"/api/records/{version.id}", "JSON")
