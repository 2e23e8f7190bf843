"""Recids through all stages by command: what is asked for is done, and what goes wrong is told with its remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets.defs.instance import open_instance
from cern_assets.defs.partitions import register_recids
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings
from cern_assets_tests.services.command_line import Answer, published_recids
from cern_assets_tests.services.needs import free_port

type Run = Callable[..., Answer]


def _published() -> list[str]:
    return published_recids(load_settings().repository_url)


def test_recids_of_the_command_line_and_of_a_list_are_ingested_once_each(run: Run, home: Path) -> None:
    (home / "list").write_text("# two of them\n\n900003\n 900009  # with a reason\n900003\n")
    answer = run("ingest", "--json", "--file", "list", "900003")
    assert answer.code == 0
    assert answer.states == {"900003": "published", "900009": "published"}
    assert (answer.json["in"], answer.json["published"], answer.json["balanced"]) == (2, 2, True)
    assert len(answer.json["runs"]) == 1
    assert _published() == ["900003", "900009"]


def test_recids_that_are_done_stay_as_they_are(run: Run, home: Path) -> None:
    first, second = run("ingest", "--json", "900003"), run("ingest", "--json", "900003")
    assert (first.code, second.code) == (0, 0)
    assert first.json["recids"][0]["url"] == second.json["recids"][0]["url"]
    assert _published() == ["900003"]


def test_the_table_shows_the_published_page(run: Run, home: Path) -> None:
    answer = run("ingest", "900003")
    assert f"{load_settings().repository_url}/records/" in answer.out
    assert "1 in = 1 published + 0 redirected" in answer.out


REMEDY = "Choose one of: opendata; CERN_ASSETS_COLLECTIONS names the folder of others."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--collection", "figshare", "133"), f"There is no collection 'figshare'. [field collection] {REMEDY}"),
        (("133; rm -rf",), "This is no recid. [field recid, value '133; rm -rf'] Give it like 133 or atlas-160006."),
        (("--file", "list"), "[file list:2, field recid, value '../133'] Give it like 133 or atlas-160006."),
        ((), "No recid was given. Name recids, a file of them with --file, or a collection that selects some."),
    ],
)
def test_a_wrong_command_is_told_before_anything_is_done(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "list").write_text("133\n../133\n")
    answer = run("ingest", *arguments)
    assert answer.code == 2
    assert answer.err.endswith(f"{said}\n")
    assert answer.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_a_wrong_command_is_told_in_json_to_programs(run: Run) -> None:
    answer = run("ingest", "--json", "x y")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "RecordNotFound"


def test_a_list_that_is_no_text_is_told_by_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"133\n\xff\xfe1\x003\x00\n")
    assert "list:2" in run("ingest", "--file", "list").err


def test_an_empty_list_is_no_word_for_all_that_a_collection_selects(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "collections").mkdir()
    (home / "collections" / "some.yaml").write_text(
        "type: cern_assets.RecordCollection\nattributes: {source: opendata, selection: {recids: [900003]}}\n"
    )
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(home / "collections"))
    (home / "list").write_text("# nothing was found\n")
    for command in ("plan", "ingest"):
        answer = run(command, "--collection", "some", "--file", "list")
        assert (answer.code, "The list has no recids. [file list]" in answer.err) == (2, True)
    assert _published() == []


def test_a_recid_that_the_portal_does_not_know_is_rejected(run: Run, home: Path) -> None:
    answer = run("ingest", "--json", "123456789")
    assert answer.code == 1
    assert answer.states == {"123456789": "rejected"}
    assert "does not know" in answer.messages["123456789"]


def test_scattered_recids_are_as_many_runs_as_batches_and_each_is_held_by_its_run(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_instance(load_settings().dagster_home) as instance:
        register_recids(instance, "opendata", [Recid(str(number)) for number in range(900001, 900012)])
    monkeypatch.setenv("CERN_ASSETS_BATCH_SIZE", "2")
    answer = run("ingest", "--json", "900010", "900003", "900009")
    assert (answer.code, len(answer.json["runs"])) == (0, 2)


def test_a_retry_takes_what_failed_and_leaves_alone_what_was_rejected(run: Run, home: Path) -> None:
    with pytest.MonkeyPatch.context() as broken:
        broken.setenv("CERN_ASSETS_REPOSITORY_TOKEN", "somebody-elses-token")
        assert run("ingest", "--json", "900003", "900011").states == {"900003": "pending", "900011": "rejected"}
    again = run("ingest", "--retry", "--json")
    assert (again.code, again.states) == (0, {"900003": "published"})
    assert "Nothing stopped that may succeed" in run("ingest", "--retry").err
    assert run("ingest", "--retry", "900003").code == 2


def test_a_wrong_checksum_costs_that_recid_only(run: Run, home: Path) -> None:
    answer = run("ingest", "--json", "900011", "900003")
    assert answer.code == 1
    assert answer.states == {"900003": "published", "900011": "rejected"}
    assert "declares adler32:0badc0de" in answer.messages["900011"]


def test_a_portal_that_does_not_answer_leaves_recids_pending(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", url)
    monkeypatch.setenv("CERN_ASSETS_ATTEMPTS", "1")
    answer = run("ingest", "--json", "133")
    assert answer.code == 1
    assert answer.states == {"133": "pending"}
    assert f"{url}/api/records/133" in answer.messages["133"]
    assert "Try again later" in answer.messages["133"]


def test_a_refused_token_leaves_all_pending_and_publishes_nothing(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", "somebody-elses-token")
    answer = run("ingest", "--json", "900003", "900009", "900010")
    assert answer.code == 1
    assert set(answer.states.values()) == {"pending"}
    assert {row["code"] for row in answer.json["recids"]} == {"CredentialsRefused"}
    assert all("CERN_ASSETS_REPOSITORY_TOKEN" in message for message in answer.messages.values())
    assert _published() == []


def test_a_repository_that_does_not_answer_leaves_recids_pending_and_is_told_once(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("CERN_ASSETS_ATTEMPTS", "2")
    answer = run("ingest", "--json", "900003")
    assert answer.code == 1
    assert answer.states == {"900003": "pending"}
    assert "CERN_ASSETS_REPOSITORY_URL" in answer.messages["900003"]
    assert [line for line in answer.err.splitlines() if not line.startswith("opendata ")] == []


def test_a_folder_of_files_that_is_not_there_rejects_no_record(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", "/eos/opendata-with-a-typo")
    answer = run("ingest", "--json", "900003")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "Configuration"
    assert "/eos/opendata-with-a-typo" in answer.err
    assert run("ledger", "--json").json["in"] == 0
