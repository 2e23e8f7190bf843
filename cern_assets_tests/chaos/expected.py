"""The model of one record, and the comparison of the repository's inventory with it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cern_assets.model.identifiers import Recid
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets_tests.chaos.world import ChaosWorld


@dataclass
class Wanted:
    """What a record must be in the repository: as the source has it, and the publisher that people wrote there."""

    shown: bool = False
    title: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    publisher: str = "CERN Open Data Portal"

    def edit(self, world: ChaosWorld, recid: Recid, publisher: str) -> None:
        """Edit the record by hand, if it is published and nobody is at it."""
        share, world.faults.share = world.faults.share, 0.0
        hits = [hit for hit in inventory(world) if identifier_of(hit) == CROSSWALK.identifier(recid)]
        if [hit["is_draft"] for hit in hits] == [False]:
            url = f"/api/records/{hits[0]['id']}/draft"
            draft = world.client.post(url).raise_for_status().json()
            draft["metadata"]["publisher"] = publisher
            world.client.put(url, json=draft).raise_for_status()
            world.client.post(f"{url}/actions/publish").raise_for_status()
            self.publisher = publisher
        world.faults.share = share


def inventory(world: ChaosWorld) -> list[dict[str, Any]]:
    """All records and drafts of the depositor's, the latest version of each."""
    answer = world.client.get("/api/user/records", params={"size": "100"}).raise_for_status().json()
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits


def identifier_of(hit: dict[str, Any]) -> str:
    """The identifier by which a record is ours."""
    return str(hit["metadata"]["identifiers"][0]["identifier"])


def differences(world: ChaosWorld, wanted: dict[Recid, Wanted]) -> list[str]:
    """What is lost, twice, a draft, or in any field or byte other than the model says."""
    hits = inventory(world)
    count = Counter(identifier_of(hit) for hit in hits)
    found = [f"draft left: {hit['id']} of {identifier_of(hit)}" for hit in hits if hit["is_draft"]]
    found += [f"{identifier} is there {times} times" for identifier, times in count.items() if times > 1]
    for recid, each in wanted.items():
        own = [hit for hit in hits if identifier_of(hit) == CROSSWALK.identifier(recid)]
        if each.shown and not own:
            found.append(f"{recid} is lost")
        elif each.shown:
            found += [f"{recid}: {text}" for text in _differences(world, recid, each, own[0])]
    return found


def _differences(world: ChaosWorld, recid: Recid, wanted: Wanted, hit: dict[str, Any]) -> list[str]:
    there = {
        **{f"metadata.{name}": value for name, value in hit["metadata"].items()},
        **{f"access.{name}": value for name, value in hit["access"].items()},
        **{f"pids.{name}": value for name, value in hit["pids"].items() if name != "oai"},  # the repository's own
        **{f"custom_fields.{name}": value for name, value in hit["custom_fields"].items()},
        **{f"communities.{name}": value for name, value in hit["parent"]["communities"].items()},
        "files.enabled": hit["files"]["enabled"],
    }
    stated = _fields(world, recid, wanted, hit["versions"]["index"])
    found = [
        f"{name} {there.get(name)!r}, not {stated.get(name)!r}"
        for name in sorted(there.keys() | stated.keys())
        if there.get(name) != stated.get(name)
    ]
    entries = hit["files"]["entries"]
    if set(entries) != set(wanted.files):
        found.append(f"files {sorted(entries)}, not {sorted(wanted.files)}")
    for key in set(entries) & set(wanted.files):
        content = world.client.get(f"/api/records/{hit['id']}/files/{key}/content")
        if content.status_code != 200 or content.content != wanted.files[key]:
            found.append(f"{key} has other bytes")
    return found


def _fields(world: ChaosWorld, recid: Recid, wanted: Wanted, version: int) -> dict[str, Any]:
    """Every field of a record, written down here and not made by the crosswalk; a DOI names its first version only."""
    doi = f"10.5072/FAKE.{world.folder.name}.{recid}"
    later = [{"scheme": "doi", "identifier": doi}] if version > 1 else []
    return {
        "metadata.title": wanted.title,
        "metadata.publisher": wanted.publisher,
        "metadata.publication_date": "2024",
        "metadata.resource_type": {"id": "dataset", "title": {"en": "Dataset"}},
        "metadata.creators": [{"person_or_org": {"type": "organizational", "name": "DELPHI Collaboration"}}],
        "metadata.subjects": [{"subject": "DELPHI"}],
        "metadata.identifiers": [
            {"scheme": "other", "identifier": f"oai:cernopendata.cern:{recid}"},
            {"scheme": "url", "identifier": f"https://opendata.cern.ch/record/{recid}"},
            *later,
        ],
        "access.record": "public",
        "access.files": "public",
        "access.status": "open",
        "access.embargo": {"active": False, "reason": None},
        **({"pids.doi": {"identifier": doi, "provider": "external"}} if version == 1 else {}),
        "files.enabled": True,
    }
