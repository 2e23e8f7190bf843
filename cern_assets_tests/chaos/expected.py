"""The model of one record, and the comparison of the repository's inventory with it."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from cern_assets.model.identifiers import Recid
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets_tests.chaos.world import ChaosWorld


@dataclass
class Wanted:
    """What a record must be in the repository: as the source has it, and the publisher that people wrote there.

    `accepted` once the curators of the community that reviews have taken it.
    """

    shown: bool = False
    title: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    publisher: str = "CERN Open Data Portal"
    accepted: bool = False

    def begin_again(self, world: ChaosWorld, recid: Recid) -> None:
        """What people did to a record that was withdrawn is gone with it, if it is gone."""
        share, world.faults.share = world.faults.share, 0.0
        if CROSSWALK.identifier(recid) not in map(identifier_of, inventory(world)):
            self.publisher, self.accepted = "CERN Open Data Portal", False
        world.faults.share = share

    def accept(self, world: ChaosWorld, recid: Recid) -> None:
        """Have the curators of the community that reviews take the record, if they are asked to."""
        share, world.faults.share = world.faults.share, 0.0
        for request in asked(world, recid):
            if request["status"] == "submitted":
                world.client.post(f"/api/requests/{request['id']}/actions/accept", json={}).raise_for_status()
                self.accepted = True
        world.faults.share = share

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


def asked(world: ChaosWorld, recid: Recid) -> list[dict[str, Any]]:
    """The requests about all versions of the depositor's record to communities that take published ones."""
    with closing(sqlite3.connect(world.folder / "repository" / "repository.sqlite")) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(
            "SELECT inclusion.id, inclusion.status, community.slug, record.parent_id FROM inclusion "
            "JOIN record ON record.id = inclusion.record_id JOIN community ON community.id = inclusion.community_id"
        ).fetchall()
    parents = {hit["parent"]["id"] for hit in inventory(world) if identifier_of(hit) == CROSSWALK.identifier(recid)}
    return [dict(row) for row in rows if row["parent_id"] in parents]


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
        if world.policy.tombstones and not each.shown:
            found += [f"{recid} was withdrawn and is there: {hit['id']}" for hit in own]
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
        "communities": sorted(each["slug"] for each in hit["parent"]["communities"].get("entries", [])),
        "files.enabled": hit["files"]["enabled"],
    }
    stated = _fields(world, recid, wanted, hit["versions"]["index"])
    found = [
        f"{name} {there.get(name)!r}, not {stated.get(name)!r}"
        for name in sorted(there.keys() | stated.keys())
        if there.get(name) != stated.get(name)
    ]
    found += _requests(world, recid, wanted) if world.communities else []
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
    taken = [slug for slug in world.communities.values() if slug != "the-reviewing" or wanted.accepted]
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
        "communities": sorted(taken),
    }


def _requests(world: ChaosWorld, recid: Recid, wanted: Wanted) -> list[str]:
    """What is wrong with the requests to further communities: each is asked once."""
    stated = [("the-further", "accepted"), ("the-reviewing", "accepted" if wanted.accepted else "submitted")]
    there = sorted((each["slug"], each["status"]) for each in asked(world, recid))
    return [] if there == stated else [f"requests {there}, not {stated}"]
