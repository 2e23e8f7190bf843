"""`kill -9` of `cern-assets publish` at each of its calls, before and after their effect: one record all the same."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.command_line import Answer, started
from cern_assets_tests.services.deposits import given_deposit
from cern_assets_tests.services.holding import WITHIN_SECONDS, HoldingProxy, Moment
from cern_assets_tests.services.repository import RunningRepository

NEW = {
    "looking for published ones": ("GET", "/api/records"),
    "looking for drafts": ("GET", "/api/user/records"),
    "creating": ("POST", "/api/records"),
    "announcing": ("POST", "/draft/files"),
    "sending bytes": ("PUT", "/content"),
    "committing": ("POST", "/commit"),
    "publishing": ("POST", "/actions/publish"),
}
CHANGED = {
    "editing": ("POST", "/draft"),
    "saving": ("PUT", "/draft"),
    "publishing an edit": ("POST", "/actions/publish"),
}
RENEWED = {
    "making a version": ("POST", "/versions"),
    "taking over files": ("POST", "/actions/files-import"),
    "taking out a file": ("DELETE", "/files/a.root"),
    "sending bytes of a version": ("PUT", "/content"),
    "publishing a version": ("POST", "/actions/publish"),
}
MOMENTS: tuple[Moment, ...] = ("before", "after")
STEPS = {**NEW, **CHANGED, **RENEWED}
CREATING = ("creating", "publishing", "editing", "publishing an edit", "making a version", "publishing a version")
ON_THE_EMBEDDED_ONE: list[tuple[str, Moment]] = [
    *((step, "after") for step in STEPS),
    *((step, "before") for step in CREATING),  # of the others, it is what was after the call before them
]
ON_THE_REAL_ONE: list[tuple[str, Moment]] = [
    ("looking for drafts", "after"),
    *product(("creating", "sending bytes", "committing", "publishing"), MOMENTS),
    ("announcing", "after"),
]


@dataclass
class Killing:
    """A repository behind a proxy that holds a request, and the deposit of a test."""

    proxy: HoldingProxy
    url: str
    token: str
    folder: Path
    run: Callable[..., Answer]
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.identifier = f"killed:{uuid.uuid4()}"
        self.files = {"a.root": b"first", "b.root": b"second"}
        self.variables = {
            "CERN_ASSETS_HOME": str(self.folder / "home"),
            "CERN_ASSETS_REPOSITORY_URL": self.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": self.token,
            "CERN_ASSETS_SEARCH_LAG_SECONDS": "2",
        }
        for name, value in self.variables.items():
            self.monkeypatch.setenv(name, value)

    def command(self, title: str) -> tuple[str, ...]:
        """The command that publishes the deposit and its files as they are now."""
        identifiers = [{"scheme": "other", "identifier": self.identifier}]
        deposit = given_deposit(self.folder / "deposit.json", title=title, identifiers=identifiers)
        (self.folder / "files").mkdir(exist_ok=True)
        for name, content in self.files.items():
            (self.folder / "files" / name).write_bytes(content)
        return ("publish", str(deposit), "--files", str(self.folder / "files"), "--json")

    def killed_at(self, step: str, moment: Moment) -> None:
        """Publish in a process that is killed at a step, and again in one that lives: one record, as it should be."""
        title = "As it is wanted"
        if step not in NEW:
            first = self.run(*self.command("Before"))
            assert first.code == 0, first.out
            if step in RENEWED:
                title, self.files["a.root"] = "Before", b"changed"
        command = self.command(title)
        self.proxy.hold(*STEPS[step], moment)
        with started(*command, folder=self.folder, **self.variables) as process:
            assert self.proxy.arrived.wait(WITHIN_SECONDS), process.communicate()
            process.kill()
            process.wait()
        self.proxy.opened.set()
        again = self.run(*command)
        assert again.code == 0, again.out
        assert again.json["version"] == (2 if step in RENEWED else 1)
        self.check(again.json["id"], title)
        assert self.run(*command).json["calls"]["writes"] == 0

    def check(self, record_id: str, title: str) -> None:
        """One published record, no draft, every byte."""
        adapter = NrpRepository(self.proxy.target, self.token, attempts=1, timeout_seconds=30)
        try:
            record = adapter.read_published(record_id)
            assert record is not None
            assert record.payload["metadata"]["title"] == title  # type: ignore[index,call-overload]
            for name, content in self.files.items():
                with adapter.download(record, name) as chunks:
                    assert b"".join(chunks) == content
            assert self.held(adapter) == [record_id]
        finally:
            adapter.close()

    @retry(
        retry=retry_if_result(lambda held: len(held) != 1),
        stop=stop_after_delay(30),
        wait=wait_fixed(0.2),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    def held(self, adapter: NrpRepository) -> list[str]:
        """Ids of what the depositor has under the identifier, as soon as the search shows one: it lags both ways."""
        return [record.record_id for record in adapter.find(self.identifier).own]


@pytest.fixture
def killing(
    request: pytest.FixtureRequest, tmp_path: Path, run: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Killing]:
    repository: RunningRepository = request.getfixturevalue(request.param)
    proxy = HoldingProxy(repository.url)
    with serve_in_thread(proxy) as url, proxy.client:
        yield Killing(proxy, url, repository.token, tmp_path, run, monkeypatch)


@pytest.mark.parametrize("killing", ["embedded_repository"], indirect=True)
@pytest.mark.parametrize(("step", "moment"), ON_THE_EMBEDDED_ONE)
def test_a_process_that_is_killed_at_a_step_leaves_what_the_next_brings_to_one_record(
    killing: Killing, step: str, moment: Moment
) -> None:
    killing.killed_at(step, moment)


@pytest.mark.service
@pytest.mark.parametrize("killing", ["invenio"], indirect=True)
@pytest.mark.parametrize(("step", "moment"), ON_THE_REAL_ONE)
def test_a_process_that_is_killed_at_a_step_towards_inveniordm_leaves_one_record(
    killing: Killing, step: str, moment: Moment
) -> None:
    killing.killed_at(step, moment)
