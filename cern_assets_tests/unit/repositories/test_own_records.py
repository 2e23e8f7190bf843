"""The list of what a depositor owns: all of it, however much there is, or an error."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.ports import Repository
from cern_assets.repositories.nrp import searching
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.unit.repositories.test_nrp_faults import adapter_of, record_json, served

MANY = 12_000
"""More than the embedded repository, like InvenioRDM, shows of one search."""


def _multiply(folder: Path, created: str) -> None:
    """Many copies of the one record that is there; `created` is an SQL expression of their number `n`."""
    with closing(sqlite3.connect(folder / "repository.sqlite")) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(record)")]
        changed = {"id": "printf('copy-%05d', n)", "parent_id": "printf('parent-%05d', n)", "created": created}
        values = ", ".join(changed.get(column, column) for column in columns)
        database.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY}) "
            f"INSERT INTO record SELECT {values} FROM record, numbers"
        )


def _listed(repository: Repository) -> list[str]:
    return [each.record_id for each in repository.own_records()]


@pytest.mark.parametrize(
    ("created", "page"),
    [
        ("strftime('%Y-%m-%dT%H:%M:%f', '2026-01-01', n || ' seconds') || '000+00:00'", 2_000),
        ("printf('2026-01-01T00:00:00.%06d+00:00', n / 5000 * 1000)", 1_000),  # 5,000 in a millisecond
    ],
)
def test_more_than_the_window_of_a_search_are_listed_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, created: str, page: int
) -> None:
    monkeypatch.setattr(searching, "_OWN_PAGE", page)
    with running_embedded(tmp_path) as running:
        adapter = NrpRepository(running.url, running.token, attempts=1, timeout_seconds=60)
        first = adapter.create_draft({"metadata": {"title": "One of many"}, "files": {"enabled": False}})
        _multiply(tmp_path, created)
        listed = _listed(adapter)
        adapter.close()
    assert len(listed) == len(set(listed)) == MANY + 1
    assert first.record_id in listed


def _answering(*moments: str, total: int) -> Route:
    made = [record_json(id=f"record-{number}", created=moment) for number, moment in enumerate(moments)]

    def endpoint(request: Request) -> Response:
        body: dict[str, Any] = {"hits": {"hits": made, "total": total}}
        return JSONResponse(body)

    return Route("/api/user/records", endpoint)


@pytest.mark.parametrize(
    ("moments", "total"),
    [
        (["2026-01-01T00:00:00+00:00"], 2),  # one is not shown
        (["2026-01-02T00:00:00+00:00", "2026-01-01T00:00:00+00:00"], 2),  # in no order
        (["2026-01-01T00:00:00+00:00", "soon"], 2),
    ],
)
def test_a_list_that_is_not_whole_or_in_no_order_is_an_error(
    monkeypatch: pytest.MonkeyPatch, moments: list[str], total: int
) -> None:
    told = pytest.raises(RepositoryUnavailableError, match="does not list all")
    with served(_answering(*moments, total=total)) as url, adapter_of(url) as adapter, told:
        _listed(adapter)


def test_a_repository_that_shows_its_first_page_again_and_again_is_an_error_and_no_endless_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "_OWN_PAGE", 2)
    moments = ["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"]
    told = pytest.raises(RepositoryUnavailableError, match="does not list all")
    with served(_answering(*moments, total=4)) as url, adapter_of(url) as adapter, told:
        _listed(adapter)
