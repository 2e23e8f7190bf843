"""The page of one published record."""

from typing import Any

from cern_assets.stand_ins.repository.markup import objects, page
from cern_assets.stand_ins.repository.records import RecordView
from cern_assets.stand_ins.repository.vocabularies import RESOURCE_TYPES


def record_page(view: RecordView) -> str:
    """What a person sees of a record."""
    metadata = view.content["metadata"]
    version = metadata.get("version") or f"v{view.version.index}"
    badges = [
        ("date", metadata.get("publication_date", "")),
        ("version", f"Version {version}"),
        ("type", resource_type(metadata)),
        ("access", "Restricted" if view.restricted else "Open"),
    ]
    title = str(metadata.get("title", view.version.id))
    return page("record", title=title, view=view, metadata=metadata, badges=badges)


def resource_type(metadata: dict[str, Any]) -> str:
    """The title of the record's type."""
    given = metadata.get("resource_type")
    kind = str(given.get("id", "")) if isinstance(given, dict) else ""
    return RESOURCE_TYPES.get(kind, kind)


def names(metadata: dict[str, Any], role: str) -> list[str]:
    """The names of creators or contributors."""
    agents = (entry.get("person_or_org") for entry in objects(metadata, role))
    return [str(agent.get("name", "")) for agent in agents if isinstance(agent, dict)]
