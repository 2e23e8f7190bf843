"""Corrections by command: written once, applied by every run, told in the ledger's account, never a traceback."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from cern_assets.defs.instance import open_instance
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.settings import load_settings
from cern_assets.wiring import collection_named, opened_context
from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]

HEAD = "type: cern_assets.RecordCollection\nattributes:\n  source: opendata\n"
RECID = "900003"
WHO = ("--author", "Jane Doe", "--reason", "A misprint.")


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = home / "collections"
    made.mkdir()
    (made / "teaching.yaml").write_text(HEAD + "  curation: corrections\n")
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(made))
    return made


@pytest.fixture
def edited(run: Run, folder: Path, tmp_path: Path) -> Path:
    """The deposit of a recid that was brought in, with another title."""
    assert run("ingest", "--json", "--collection", "teaching", RECID).states == {RECID: "published"}
    payload = json.loads(json.dumps(_document().payload))
    payload["metadata"]["title"] = "A better title"
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(payload))
    return path


def _document() -> Metadata:
    settings = load_settings()
    with opened_context(settings, collection_named(settings, "teaching")) as context:
        document = context.adapters.documents.read("teaching", "metadata", Recid(RECID), Metadata)
    assert document is not None
    body = document.body
    assert isinstance(body, Metadata)
    return body


def _curate(run: Run, *arguments: str) -> Answer:
    return run("curate", "--collection", "teaching", *arguments)


def test_dagster_shows_the_correction_on_the_recid_s_partition(run: Run, folder: Path, edited: Path) -> None:
    assert _curate(run, RECID, "--edited", str(edited), *WHO).code == 0
    assert run("ingest", "--json", "--collection", "teaching", RECID).states == {RECID: "published"}
    with open_instance(load_settings().dagster_home) as instance:
        of_recid = dg.AssetRecordsFilter(asset_key=dg.AssetKey(["teaching", "metadata"]), asset_partitions=[RECID])
        after, before = instance.fetch_materializations(of_recid, limit=10).records
    assert before.asset_materialization is not None
    assert after.asset_materialization is not None
    assert "curation" not in before.asset_materialization.metadata
    shown = str(after.asset_materialization.metadata["curation"].value)
    assert shown.startswith("Jane Doe, ")
    assert shown.endswith(": A misprint.")


def test_a_correction_is_written_applied_by_the_next_run_and_told(run: Run, folder: Path, edited: Path) -> None:
    answer = _curate(run, RECID, "--edited", str(edited), *WHO, "--json")
    assert answer.code == 0
    said = yaml.safe_load((folder / "corrections" / f"{RECID}.yaml").read_text())
    assert (said["author"], said["reason"]) == ("Jane Doe", "A misprint.")
    assert [each["op"] for each in said["patch"]] == ["test", "replace"]
    assert run("ingest", "--json", "--collection", "teaching", RECID).states == {RECID: "published"}
    document = _document()
    assert document.payload["metadata"]["title"] == "A better title"  # type: ignore[index,call-overload]
    assert document.curation is not None
    listed = _curate(run, "--list", "--json").json
    assert (listed["recid"], listed["author"]) == (RECID, "Jane Doe")
    assert "A misprint." in _curate(run, "--list").out


def test_taking_the_file_away_takes_the_correction_back(run: Run, folder: Path, edited: Path) -> None:
    _curate(run, RECID, "--edited", str(edited), *WHO)
    run("ingest", "--collection", "teaching", RECID)
    (folder / "corrections" / f"{RECID}.yaml").unlink()
    run("ingest", "--collection", "teaching", RECID)
    assert _document().payload["metadata"]["title"] != "A better title"  # type: ignore[index,call-overload]


def test_a_conflict_is_a_finding_and_the_record_goes_on(run: Run, folder: Path, edited: Path) -> None:
    _curate(run, RECID, "--edited", str(edited), *WHO)
    path = folder / "corrections" / f"{RECID}.yaml"
    said: dict[str, Any] = yaml.safe_load(path.read_text())
    said["patch"][0]["value"] = "As it was once"
    path.write_text(yaml.safe_dump(said))
    assert run("ingest", "--json", "--collection", "teaching", RECID).states == {RECID: "published"}
    (finding,) = [each for each in _document().findings if each.code == "curation-conflict"]
    assert "As it was once" in finding.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("author: [", "no YAML"),
        ("author: Jane\n", "date"),
        ("&a [*a]", "does not refer to parts of itself"),
        (f"patch: {'[' * 200}{']' * 200}", "nested"),
        ("patch: []\nreason: !!binary eA==\n", "says no types"),
        ("author: J\npatch: []\npatch: []\n", "This field is said twice"),
        ("author: J\ndate: 2026-01-01\nreason: r\nmade_for: x\npatch: []\n", "made_for"),
    ],
)
def test_a_file_that_cannot_be_used_stops_its_recid_with_file_and_field(
    run: Run, folder: Path, edited: Path, text: str, said: str
) -> None:
    (folder / "corrections").mkdir()
    (folder / "corrections" / f"{RECID}.yaml").write_text(text)
    answer = run("ingest", "--json", "--collection", "teaching", RECID, "900001")
    assert answer.states["900001"] == "published"
    assert answer.states[RECID] != "published"
    assert said in answer.messages[RECID]
    assert f"{RECID}.yaml" in answer.messages[RECID]


def test_an_editor_is_opened_on_the_deposit_and_what_it_leaves_is_taken(
    run: Run, folder: Path, edited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/"publisher": "[^"]*"/"publisher": "Another house"/\' "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    answer = _curate(run, RECID, *WHO)
    assert answer.code == 0
    assert "Another house" in answer.out
    editor.write_text("#!/bin/sh\ntrue\n")
    assert _curate(run, RECID, *WHO).code == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda payload: payload.update(access={"record": "restricted", "files": "restricted"}), "not for curation"),
        (lambda payload: payload["metadata"].update(title="x"), "breaks 1 rule"),
        (lambda payload: payload["metadata"].update(title=None), "rule"),
    ],
)
def test_what_breaks_a_rule_or_is_not_for_curation_is_not_written(
    run: Run, folder: Path, edited: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    payload = json.loads(edited.read_text())
    change(payload)
    edited.write_text(json.dumps(payload))
    answer = _curate(run, RECID, "--edited", str(edited), *WHO)
    assert answer.code != 0
    assert said in answer.err
    assert not (folder / "corrections").exists()


def test_what_is_missing_is_said(run: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "plain.yaml").write_text(HEAD)
    assert "no folder of curation" in run("curate", "--collection", "plain", RECID, *WHO).err
    assert "no raw record" in _curate(run, "900009", *WHO).err
    assert "--author" in _curate(run, RECID).err
    (tmp_path / "x.json").write_text("[")
    assert _curate(run, RECID, "--edited", str(tmp_path / "x.json"), *WHO).code != 0


def test_decisions_and_corrections_are_listed_together(run: Run, folder: Path, edited: Path) -> None:
    assert _curate(run, RECID, "--edited", str(edited), *WHO).code == 0
    assert run("decide", "--collection", "teaching", "--why", "Wait.", "--by", "J. Roe", "hold", "900004").code == 0
    said = [json.loads(line) for line in run("decide", "--collection", "teaching", "list", "--json").out.splitlines()]
    assert [(each["recid"], each["choice"], each["by"], each["why"]) for each in said] == [
        (RECID, "correct", "Jane Doe", "A misprint."),
        ("900004", "hold", "J. Roe", "Wait."),
    ]
    table = run("decide", "--collection", "teaching", "list", RECID).out
    assert "A misprint." in table
    assert "Wait." not in table
