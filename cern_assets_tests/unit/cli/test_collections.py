"""Collections on the command line: what a file selects, two of them in one instance, and two that want the same."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cern_assets.settings import load_settings
from cern_assets_tests.services.command_line import Answer, published_recids
from cern_assets_tests.services.embedded import running_embedded

type Run = Callable[..., Answer]

HEAD = "type: cern_assets.RecordCollection\nattributes:\n  source: opendata\n"


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = home / "collections"
    made.mkdir()
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(made))
    return made


def _access(url: str, token: str) -> list[tuple[str, str, list[str]]]:
    """Who may see the record and its files, and the files' names, of each record of a depositor."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
        hits = client.get("/api/user/records").json()["hits"]["hits"]
        files = [client.get(f"/api/records/{hit['id']}/files").json()["entries"] for hit in hits]
    return [
        (hit["access"]["record"], hit["access"]["files"], sorted(entry["key"] for entry in entries))
        for hit, entries in zip(hits, files, strict=True)
    ]


def _default_access() -> list[tuple[str, str, list[str]]]:
    default = load_settings().target("default")
    return _access(default.url, default.token.get_secret_value())


def test_a_collection_is_ingested_by_its_name_alone(run: Run, folder: Path) -> None:
    (folder / "teaching.yaml").write_text(HEAD + "  selection: {recids: [900003], file: more.txt}\n")
    (folder / "more.txt").write_text("900009  # a second one\n900003\n")
    answer = run("ingest", "--json", "--collection", "teaching")
    assert answer.code == 0
    assert answer.states == {"900003": "published", "900009": "published"}
    assert {row["collection"] for row in answer.json["recids"]} == {"teaching"}
    assert run("ledger", "--json").json["balanced"]


def test_a_query_with_facets_selects_what_the_source_finds(run: Run, folder: Path) -> None:
    (folder / "by_query.yaml").write_text(HEAD + '  selection: {query: "recid:900003", facets: {type: "Dataset"}}\n')
    answer = run("ingest", "--json", "--collection", "by_query")
    assert set(answer.states) <= {"900003"}
    (folder / "wrong.yaml").write_text(HEAD + "  selection: {facets: {colour: red}}\n")
    refused = run("ingest", "--collection", "wrong")
    assert refused.code == 2
    assert "no facet 'colour'" in refused.err


def test_two_collections_of_one_source_have_their_own_targets_and_policies(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "open.yaml").write_text(HEAD)
    (folder / "packed.yaml").write_text(
        HEAD + "  archive: always\n  target: sandbox\n  access: {files: restricted}\n  priority: 5\n"
    )
    with running_embedded(tmp_path / "sandbox") as sandbox:
        monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_URL", sandbox.url)
        monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_TOKEN", sandbox.token)
        assert run("ingest", "--json", "--collection", "open", "900001").states == {"900001": "published"}
        assert run("ingest", "--json", "--collection", "packed", "900001").states == {"900001": "published"}
        default = load_settings().target("default")
        assert published_recids(default.url) == published_recids(sandbox.url) == ["900001"]
        ((record, files, keys),) = _access(default.url, default.token.get_secret_value())
        assert (record, files) == ("public", "public")
        assert len(keys) == 3
        ((record, files, keys),) = _access(sandbox.url, sandbox.token)
        assert (record, files, keys) == ("public", "restricted", ["opendata-900001.zip"])
        doctor = run("doctor", "--json").json["parts"]
        assert {"repository", "repository sandbox"} <= {part["part"] for part in doctor}
        assert all(part["ok"] for part in doctor)
    rows = run("ledger", "--json").json
    assert rows["balanced"]
    assert {(row["collection"], row["state"]) for row in rows["recids"]} == {
        ("open", "published"),
        ("packed", "published"),
    }


def test_a_recid_that_two_collections_bring_into_one_repository_is_told_and_not_published_over(
    run: Run, folder: Path
) -> None:
    (folder / "first.yaml").write_text(HEAD)
    (folder / "second.yaml").write_text(HEAD + "  access: {files: restricted}\n")
    assert run("ingest", "--json", "--collection", "first", "900001").code == 0
    before = _default_access()
    answer = run("ingest", "--json", "--collection", "second", "900001")
    assert (answer.code, answer.states) == (1, {"900001": "rejected"})
    assert "The collection first brings this record" in answer.messages["900001"]
    assert _default_access() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "  target: nowhere\n", "CERN_ASSETS_TARGET_NOWHERE_URL is not usable: it is needed"),
        (HEAD.replace("opendata", "figshare"), "There is no source 'figshare'"),
        (HEAD + "  files: copy\n", "[file "),
    ],
)
def test_a_collection_that_leads_nowhere_is_told_before_a_run_is_recorded(
    run: Run, folder: Path, text: str, said: str
) -> None:
    (folder / "lost.yaml").write_text(text)
    answer = run("ingest", "--collection", "lost", "900001")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert published_recids(load_settings().repository_url) == []
