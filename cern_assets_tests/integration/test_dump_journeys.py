"""Records of dumps through Dagster into a repository: bytes and access as they were, each once."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from cern_assets.settings import load_settings
from cern_assets_tests.fakes.zenodo import BUCKET, record
from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.services.repository import RunningRepository

type Run = Callable[..., Answer]

pytestmark = pytest.mark.service


class Dump:
    """Three records with recids of their own in each run: an open one, a restricted one, one that must not arrive."""

    source: str
    last_state: str
    why_removed: str
    restricted_shows: int  # the status of what a stranger is answered who asks for the restricted record
    published: ClassVar[dict[str, Any]]  # what custom fields say of where each record was published

    def __init__(self, folder: Path) -> None:
        first = uuid.uuid4().int % 10**12 + 1
        self.open, self.restricted, self.last = (str(first + number) for number in range(3))
        self.folder = folder
        self.bytes = {"table.csv": b"a,b\n1,2\n", "sub/deep.bin": bytes(range(256)) * 64}
        self.versions = dict.fromkeys(self.bytes, 1)
        (folder / "records").mkdir(parents=True)
        for key in self.bytes:
            self.put(key)
        self.write("An open record")

    def put(self, key: str) -> None:
        """Lay the bytes of a file where its record says that they are."""
        place = self.folder / "files" / self.place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(self.bytes[key])

    @property
    def recids(self) -> tuple[str, str, str]:
        return self.open, self.restricted, self.last

    def settings(self) -> dict[str, str]:
        places = {"DUMP_URL": "records", "FILES_URL": "files"}
        return {f"CERN_ASSETS_{self.source.upper()}_{name}": str(self.folder / at) for name, at in places.items()}

    def place(self, key: str) -> str:
        """Where a file's bytes lie below the root of files."""
        raise NotImplementedError

    def record(self, recid: str, title: str) -> dict[str, Any]:
        """The record as the dump has it."""
        raise NotImplementedError

    def removed(self, record: dict[str, Any]) -> dict[str, Any]:
        """The same record, as the dump says that it was removed."""
        raise NotImplementedError

    def write(self, title: str) -> None:
        """Export the records, the open one with this title."""
        titles = (title, "A restricted one", "The last one")
        records = [self.record(recid, called) for recid, called in zip(self.recids, titles, strict=True)]
        (self.folder / "records" / "all.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in records))


class ZenodoDump(Dump):
    """The last one is a draft of its owner's."""

    source = "zenodo"
    last_state = "rejected"
    why_removed = "Spam"
    restricted_shows = 200
    published: ClassVar[dict[str, Any]] = {
        "journal:journal": {"title": "A journal"},
        "imprint:imprint": {"title": "A book"},
        "meeting:meeting": {"title": "A meeting", "dates": "1-2 May 2018"},
        "thesis:thesis": {"university": "Geneva"},
    }

    def place(self, key: str) -> str:
        return f"api/files/{BUCKET}/{key}"

    def record(self, recid: str, title: str) -> dict[str, Any]:
        right = {self.restricted: "restricted"}.get(recid, "open")
        thesis, meeting = {"university": "Geneva"}, {"title": "A meeting", "dates": "1-2 May 2018"}
        more = {"journal": {"title": "A journal", "year": "2018"}, "thesis": thesis, "meeting": meeting}
        made = record(recid, title, self.bytes, access_right=right, part_of={"title": "A book"}, **more)
        del made["doi"]  # a repository takes a DOI once, and this one may stay
        made["conceptdoi"] = f"10.5281/zenodo.{int(recid) - 1}"
        return made | ({"state": "unsubmitted"} if recid == self.last else {})

    def removed(self, record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "removal_json": {"removed_by": 1, "removal_reason": "Spam"}}


_PUBLISHED = {
    "020": {"a": "9780081020623"},
    "111": {"a": "A meeting", "9": "2018-05-01"},
    "502": {"a": "PhD", "b": "Geneva", "c": "2013"},
    "773": {"p": "A journal", "v": "5"},
}


def _field(tag: str, **subfields: str) -> str:
    inner = "".join(f"<subfield code='{code}'>{text}</subfield>" for code, text in subfields.items())
    return f"<datafield tag='{tag}' ind1=' ' ind2=' '>{inner}</datafield>"


class CdsDump(Dump):
    """The last one was deleted at CDS. The restricted one does not say that it is public."""

    source = "cds"
    last_state = "withdrawn"
    why_removed = "deleted at CDS"
    restricted_shows = 403
    published: ClassVar[dict[str, Any]] = {
        "journal:journal": {"title": "A journal", "volume": "5"},
        "imprint:imprint": {"isbn": "978-0-08-102062-3"},
        "meeting:meeting": {"title": "A meeting", "dates": "2018-05-01"},
        "thesis:thesis": {"type": "PhD", "university": "Geneva", "date_submitted": "2013"},
    }

    def place(self, key: str) -> str:
        return f"g79/1/{key};{self.versions[key]}"

    def record(self, recid: str, title: str) -> dict[str, Any]:
        deleted = "<subfield code='c'>DELETED</subfield>" if recid == self.last else ""
        fields = (
            f"<controlfield tag='001'>{recid}</controlfield>",
            *(_field(tag, **subfields) for tag, subfields in _PUBLISHED.items()),
            _field("245", a=title),
            _field("260", c="2013"),
            _field("963", a="RESTRICTED" if recid == self.restricted else "PUBLIC"),
            f"<datafield tag='980' ind1=' ' ind2=' '><subfield code='a'>NOTE</subfield>{deleted}</datafield>",
        )
        files = [
            {
                "full_name": key,
                "full_path": f"/opt/cdsweb/var/data/files/{self.place(key)}",
                "version": self.versions[key],
                "size": len(content),
                "checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
                "status": "",
            }
            for key, content in self.bytes.items()
        ]
        revision = {"marcxml": f"<record>{''.join(fields)}</record>", "modification_datetime": "2020-01-01T00:00:00"}
        return {"recid": int(recid), "record": [revision], "files": files, "creation_date": "2013-09-06 09:31:11"}

    def removed(self, record: dict[str, Any]) -> dict[str, Any]:
        (revision,) = record["record"]
        gone = _field("980", c="DELETED")
        marcxml = revision["marcxml"].replace("</record>", f"{gone}</record>")
        return {**record, "record": [{**revision, "marcxml": marcxml}]}


@pytest.fixture(params=[ZenodoDump, CdsDump])
def dump(request: pytest.FixtureRequest, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Dump:
    made: Dump = request.param(tmp_path / "dump")
    for name, value in made.settings().items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture(params=["embedded_repository", "invenio"])
def target(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """What a depositor sees of the repository that the home publishes into; it keeps bibliographic fields."""
    running = request.getfixturevalue(request.param)
    assert isinstance(running, RunningRepository)
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", running.url)
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", running.token)
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_PROFILE", "bibliographic")
    settings = load_settings().target("default")
    token = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    with httpx.Client(base_url=settings.url, headers=token, timeout=60, follow_redirects=True) as client:
        yield client


def _ids(answer: Answer) -> dict[str, str]:
    return {row["recid"]: row["url"].rpartition("/")[2] for row in answer.json["recids"] if row.get("url")}


def _stranger_gets(target: httpx.Client, path: str) -> int:
    """The status of what somebody without a token is answered."""
    return httpx.get(f"{target.base_url}/api/records/{path}", timeout=60, follow_redirects=True).status_code


def test_records_arrive_with_their_bytes_and_only_open_ones_are_open(
    run: Run, dump: Dump, target: httpx.Client
) -> None:
    answer = run("ingest", "--json", "--collection", dump.source, *dump.recids)
    assert answer.states == {dump.open: "published", dump.restricted: "published", dump.last: dump.last_state}
    ids = _ids(answer)
    for recid in (dump.open, dump.restricted):
        assert target.get(f"/api/records/{ids[recid]}").json()["custom_fields"] == dump.published
        entries = target.get(f"/api/records/{ids[recid]}/files").json()["entries"]
        assert {entry["key"] for entry in entries} == set(dump.bytes)
        for key, content in dump.bytes.items():
            got = target.get(f"/api/records/{ids[recid]}/files/{key}/content").content
            assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
    assert _stranger_gets(target, f"{ids[dump.open]}/files/table.csv/content") == 200
    assert _stranger_gets(target, ids[dump.restricted]) == dump.restricted_shows
    assert _stranger_gets(target, f"{ids[dump.restricted]}/files/table.csv/content") == 403
    again = run("ingest", "--json", "--collection", dump.source, *dump.recids)
    assert _ids(again) == ids
    dump.write("An open record, corrected")
    corrected = run("ingest", "--json", "--collection", dump.source, dump.open)
    assert _ids(corrected)[dump.open] == ids[dump.open], "a changed title is an edit of the same record"
    assert target.get(f"/api/records/{ids[dump.open]}").json()["metadata"]["title"].endswith("corrected")


@pytest.mark.parametrize("target", ["embedded_repository"], indirect=True)
def test_changed_files_are_a_new_version_and_a_removed_record_is_withdrawn_with_its_reason(
    run: Run, dump: Dump, target: httpx.Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "collections").mkdir()
    text = f"type: cern_assets.RecordCollection\nattributes: {{source: {dump.source}, withdrawn: tombstone}}\n"
    (home / "collections" / "moved.yaml").write_text(text)
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(home / "collections"))
    first = _ids(run("ingest", "--json", "--collection", "moved", dump.open))[dump.open]
    dump.bytes["table.csv"], dump.versions["table.csv"] = b"a,b\n3,4\n", 2
    dump.put("table.csv")
    dump.write("An open record")
    second = _ids(run("ingest", "--json", "--collection", "moved", dump.open))[dump.open]
    was, now = (target.get(f"/api/records/{record_id}").json() for record_id in (first, second))
    assert (was["parent"]["id"], was["versions"]["index"]) == (now["parent"]["id"], 1)
    assert now["versions"]["index"] == 2
    contents = [
        target.get(f"/api/records/{record_id}/files/{key}/content").content
        for record_id, key in ((first, "table.csv"), (second, "table.csv"), (second, "sub/deep.bin"))
    ]
    assert contents == [b"a,b\n1,2\n", b"a,b\n3,4\n", dump.bytes["sub/deep.bin"]]
    related = now["metadata"].get("related_identifiers", [])
    concepts = [each["identifier"] for each in related if each["relation_type"]["id"] == "isversionof"]
    assert concepts == ([f"10.5281/zenodo.{int(dump.open) - 1}"] if dump.source == "zenodo" else [])
    gone = dump.removed(dump.record(dump.open, "An open record"))
    (dump.folder / "records" / "all.jsonl").write_text(f"{json.dumps(gone)}\n")
    removed = run("ingest", "--json", "--collection", "moved", dump.open)
    assert removed.states == {dump.open: "withdrawn"}
    assert dump.why_removed in removed.messages[dump.open]
    kept = target.get(f"/api/records/{second}")
    assert kept.status_code == 200, "a depositor may not take a published record away; that is a finding"
