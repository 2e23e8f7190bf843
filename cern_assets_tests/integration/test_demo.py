"""The demo as a newcomer runs it, and the ledger of what it left behind."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx
import pytest

from cern_assets_tests.services.command_line import END_SECONDS, Answer, finished, published_recids, started

COUNTS = {"in": 16, "published": 15, "rejected": 1, "pending": 0, "withdrawn": 0, "unregistered": 0}
BAD = "900011"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(folder: Path) -> Answer:
    return finished("demo", "--json", folder=folder)


@pytest.fixture
def _in_the_demos_folder(first: Answer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_the_demo_publishes_all_but_the_bad_record(first: Answer) -> None:
    assert first.code == 0, first.err
    assert {name: first.json[name] for name in COUNTS} == COUNTS
    assert first.json["balanced"] is True
    assert [recid for recid, state in first.states.items() if state != "published"] == [BAD]
    assert "declares adler32:0badc0de" in first.messages[BAD]


def test_the_demo_again_publishes_nothing_twice_and_its_pages_stay_until_sigterm(first: Answer, folder: Path) -> None:
    with started("demo", "--json", "--keep", folder=folder) as process:
        assert process.stdout is not None
        second = Answer(0, process.stdout.readline(), "")
        assert {name: second.json[name] for name in COUNTS} == COUNTS
        url = second.json["repository"]
        assert url == first.json["repository"], "links that were printed the last time still hold"
        assert f"{url}/" in _line_with("pages are at", process.stderr)
        assert published_recids(url) == sorted(recid for recid in first.states if recid != BAD)
        page = next(row["url"] for row in second.json["recids"] if row["recid"] == "900001")
        assert "sample" in httpx.get(page).text
        assert "<html" in httpx.get(f"{url}/").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.usefixtures("_in_the_demos_folder")
class TestTheLedgerAfterTheDemo:
    def test_counts_are_numbers_and_balance(self, run: Callable[..., Answer]) -> None:
        answer = run("ledger", "--json")
        assert answer.code == 0
        assert {name: answer.json[name] for name in COUNTS} == COUNTS
        assert answer.json["balanced"] is True

    def test_the_table_names_every_recid_with_its_link(self, run: Callable[..., Answer], first: Answer) -> None:
        out = run("ledger").out
        for row in first.json["recids"]:
            assert row["recid"] in out
            assert row["url"] in out
        assert (
            "= 15 published + 0 redirected + 0 withdrawn + 1 rejected + 0 left out + 0 waiting + 0 pending: balanced"
            in out
        )

    def test_one_state_can_be_asked_for_alone(self, run: Callable[..., Answer]) -> None:
        answer = run("ledger", "--state", "rejected", "--json")
        assert answer.states == {BAD: "rejected"}
        assert answer.json["published"] == 15
        assert "900001" not in run("ledger", "--state", "rejected").out


@pytest.mark.parametrize(
    ("name", "value"), [("CERN_ASSETS_REPOSITORY_TOKEN", "a-real-token"), ("CERN_ASSETS_STORE_URL", "/data")]
)
def test_the_demo_stays_out_of_a_home_that_is_set_up_for_real_work(
    run: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    answer = run("demo", "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "Configuration"
    assert "Unset CERN_ASSETS_REPOSITORY_TOKEN" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_made_is_told_with_its_remedy(
    run: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CERN_ASSETS_HOME", "file/home")
    for command, said in (("demo", "Not a directory"), ("ledger", "this is a file")):
        answer = run(command)
        assert answer.code == 2
        assert said in answer.err
        assert "CERN_ASSETS_HOME" in answer.err


def _line_with(text: str, lines: IO[str] | None) -> str:
    assert lines is not None
    return next(line for line in lines if text in line)


def test_a_second_demo_in_the_same_home_is_refused_while_the_first_one_serves(first: Answer, folder: Path) -> None:
    with started("demo", "--json", "--keep", folder=folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "the first one is done and serves"
        second = finished("demo", "--json", folder=folder)
        assert second.code == 2
        assert "Another process serves" in second.err
        assert "Ctrl-C" in second.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0


def test_a_torn_note_of_the_ports_does_not_hinder_the_demo(first: Answer, folder: Path) -> None:
    (folder / ".cern-assets" / "ports.json").write_text('{"portal": 80')
    assert finished("demo", "--json", folder=folder).code == 0
