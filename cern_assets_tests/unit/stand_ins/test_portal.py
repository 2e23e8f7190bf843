"""Guards the sample portal: the forms, statuses and headers of the real one, over HTTP as a client meets them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cern_assets.stand_ins.sample.records import SampleCollection, sample_collection

BIG = "eos/opendata/cms/samples/MonteCarlo/DYToMuMu/MINIAODSIM/0000/1C2D.root"
EMPTY = "eos/opendata/totem/samples/2015/beta90/dead-strips.txt"


@pytest.fixture
def portal(sample_portal_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sample_portal_url) as client:
        yield client


@pytest.fixture(scope="module")
def collection() -> SampleCollection:
    return sample_collection()


def content(collection: SampleCollection, path: str) -> bytes:
    opened = collection.open(path)
    assert opened is not None
    return opened.read()


def shape(value: Any, path: str = "") -> set[str]:
    """The paths of all keys of a JSON document, with `[]` for positions."""
    if isinstance(value, dict):
        return {f"{path}.{key}" for key in value}.union(*(shape(item, f"{path}.{key}") for key, item in value.items()))
    return set().union(*(shape(item, f"{path}[]") for item in value)) if isinstance(value, list) else set()


def made_by_the_portal(body: dict[str, Any], fixture: dict[str, Any]) -> set[str]:
    """What an answer has beyond the record as curators keep it; the tags and counts of files are data, not form."""
    paths = shape(body) - {f".metadata{path}" for path in shape({**fixture, "files": []})}
    return {path for path in paths if ".availability." not in path and "_availability_details." not in path}


def test_answers_have_the_form_of_the_real_portal_s(opendata_folder: Path, opendata_portal_url: str) -> None:
    compared = 0
    for path in sorted((opendata_folder / "api").glob("*.json")):
        real = json.loads(path.read_bytes())
        if real["metadata"].get("_file_indices"):
            continue  # the folder's indexes stay files
        fixture = json.loads((opendata_folder / "records" / path.name).read_bytes())
        ours = httpx.get(f"{opendata_portal_url}/api/records/{path.stem}").json()
        assert made_by_the_portal(ours, fixture) == made_by_the_portal(real, fixture), path.stem
        compared += 1
    assert compared > 60


def test_indexes_have_the_form_of_the_real_portal_s(opendata_folder: Path, portal: httpx.Client) -> None:
    real = json.loads((opendata_folder / "api" / "270.json").read_bytes())["metadata"]["_file_indices"]
    ours = portal.get("/api/records/900005").json()["metadata"]["_file_indices"]
    assert shape(ours) == shape(real)
    assert ours[1]["number_files"] == 2
    assert ours[1]["size"] == 219_500
    assert ours[1]["files"][0]["key"] == "ALICE_sample_139038_0002_file_index.json_0"


def test_links_lead_back_to_the_portal(portal: httpx.Client) -> None:
    body = portal.get("/api/records/900001").json()
    assert portal.get(body["links"]["self"]).json() == body


def test_an_unchanged_record_answers_304(portal: httpx.Client) -> None:
    first = portal.get("/api/records/900001")
    again = portal.get("/api/records/900001", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert "last-modified" in first.headers


def test_records_have_different_etags(portal: httpx.Client) -> None:
    etags = {portal.get(f"/api/records/90000{number}").headers["etag"] for number in (1, 2, 3)}
    assert len(etags) == 3


@pytest.mark.parametrize("recid", ["1", "nonsense", "delphi-1", "atlas-900001", "sample-2"])
def test_an_unknown_recid_answers_404_as_json(portal: httpx.Client, recid: str) -> None:
    response = portal.get(f"/api/records/{recid}")
    assert response.status_code == 404
    assert response.json() == {"status": 404, "message": "PID does not exist."}


def test_an_old_record_has_its_new_name_too(portal: httpx.Client) -> None:
    assert portal.get("/api/records/delphi-900001").json()["metadata"]["recid"] == "900001"


def test_the_rate_limit_is_told_with_every_answer(portal: httpx.Client) -> None:
    headers = portal.get("/api/records/900001").headers
    assert headers["x-ratelimit-limit"] == "60"
    assert headers["retry-after"] == "60"
    assert {"x-ratelimit-remaining", "x-ratelimit-reset"} <= set(headers)


def test_pages_of_a_search_are_linked(portal: httpx.Client, collection: SampleCollection) -> None:
    seen: list[str] = []
    url: str | None = "/api/records/?size=5&page=1&skip_files&sort=mostrecent"
    while url:
        body = portal.get(url).json()
        assert body["hits"]["total"] == len(collection.records)
        seen += [hit["metadata"]["recid"] for hit in body["hits"]["hits"]]
        url = body["links"].get("next")
    assert sorted(seen) == sorted(collection.records)
    assert "prev" in body["links"]


def test_a_search_gives_files_unless_told_to_skip_them(portal: httpx.Client) -> None:
    for params, expected in [("", True), ("&skip_files", False), ("&skip_files=1", False)]:
        (hit,) = portal.get(f"/api/records/?q=recid:900001{params}").json()["hits"]["hits"]
        assert ("files" in hit["metadata"]) is expected
        assert ("_files" in hit["metadata"]) is expected


@pytest.mark.parametrize("params", ["size=0", "page=0", "size=x"])
def test_a_page_that_is_none_answers_400(portal: httpx.Client, params: str) -> None:
    response = portal.get(f"/api/records/?{params}")
    assert response.status_code == 400
    assert response.json()["message"] == "Invalid pagination parameters."


def test_a_page_beyond_the_window_answers_400(portal: httpx.Client) -> None:
    response = portal.get("/api/records/?page=101&size=100")
    assert response.status_code == 400
    assert response.json()["message"] == "Maximum number of 10000 results have been reached."


def test_bytes_are_those_of_the_collection(portal: httpx.Client, collection: SampleCollection) -> None:
    assert portal.get(f"/{BIG}").content == content(collection, BIG)


def test_a_double_slash_before_the_path_does_not_matter(portal: httpx.Client) -> None:
    assert portal.get(f"{portal.base_url}/{BIG}", headers={"Range": "bytes=0-9"}).status_code == 206


def test_a_head_tells_the_size_and_sends_nothing(portal: httpx.Client, collection: SampleCollection) -> None:
    response = portal.head(f"/{BIG}")
    assert response.headers["content-length"] == str(collection.sizes[BIG])
    assert response.headers["accept-ranges"] == "bytes"
    assert response.content == b""


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=3099990-", slice(3_099_990, None)),
        ("bytes=-10", slice(-10, None)),
        ("bytes=3099990-99999999", slice(3_099_990, None)),
        ("bytes=-99999999", slice(0, None)),
    ],
)
def test_a_part_is_answered_with_206(
    portal: httpx.Client, collection: SampleCollection, asked: str, part: slice
) -> None:
    whole = content(collection, BIG)
    response = portal.get(f"/{BIG}", headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == whole[part]
    start, end, _ = part.indices(len(whole))
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=3100000-", "bytes=5-4", "bytes=-0"])
def test_a_part_that_is_not_there_is_answered_with_416(portal: httpx.Client, asked: str) -> None:
    response = portal.get(f"/{BIG}", headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */3100000"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=-", "bytes=0-1,3-4", "nonsense"])
def test_a_range_that_is_not_understood_is_passed_over(portal: httpx.Client, asked: str) -> None:
    assert portal.get(f"/{EMPTY}", headers={"Range": asked}).status_code == 200


def test_an_empty_file_is_served(portal: httpx.Client) -> None:
    response = portal.get(f"/{EMPTY}")
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    "path",
    [
        "/eos/opendata/none.root",
        "/eos/opendata/../../etc/passwd",
        "/eos/opendata/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/eos/opendata/%00",
        "/etc/passwd",
        "/record/1",
        "/record/900001/files/none",
        "/record/900001/file_index/none.json",
        "/record/1/filepage/1",
    ],
)
def test_what_is_not_there_answers_404_with_a_page(opendata_portal_url: str, portal: httpx.Client, path: str) -> None:
    for url in (str(portal.base_url), opendata_portal_url):
        response = httpx.get(f"{url}{path}")
        assert response.status_code == 404
        assert response.headers["content-type"].startswith("text/html")


def test_files_are_served_by_their_key_and_ranges_passed_over(
    portal: httpx.Client, collection: SampleCollection
) -> None:
    whole = content(collection, "eos/opendata/delphi/samples/simulated-data/y94/qq91/R04711.sdst")
    response = portal.get("/record/900001/files/R04711.sdst", headers={"Range": "bytes=0-9"})
    assert (response.status_code, response.content) == (200, whole)


def test_members_of_indexes_are_served_by_their_key(portal: httpx.Client, collection: SampleCollection) -> None:
    response = portal.get("/record/900005/files/ALICE_sample_139038_0002_file_index.json_1")
    path = "eos/opendata/alice/samples/2010/LHC10h/000139038/ESD/0003/AliESDs.root"
    assert response.content == content(collection, path)


def test_an_index_is_served_as_json_and_as_lines(portal: httpx.Client) -> None:
    key = "ALICE_sample_139038_0002_file_index"
    index = portal.get(f"/record/900005/file_index/{key}.json").json()
    lines = portal.get(f"/record/900005/file_index/{key}.txt").text
    assert lines == "".join(f"{member['uri']}\n" for member in index["files"])
    assert index["key"] == f"{key}.json"


def test_files_are_listed_page_by_page(portal: httpx.Client) -> None:
    first = portal.get("/record/900006/filepage/1").json()
    last = portal.get("/record/900006/filepage/3?perPage=50").json()
    beyond = portal.get("/record/900006/filepage/99").json()
    indexes = portal.get("/record/900005/filepage/1?type=index_files").json()
    assert (first["total"], len(first["files"])) == (120, 5)
    assert (last["total"], len(last["files"])) == (120, 20)
    assert beyond == {"total": 120, "files": []}
    assert (indexes["total"], len(indexes["files"])) == (2, 2)


def test_a_record_s_page_shows_its_title_and_its_files(portal: httpx.Client) -> None:
    page = portal.get("/record/900008")
    assert page.headers["content-type"].startswith("text/html")
    assert "Übungen zur Teilchenphysik" in page.text
    assert 'href="/eos/opendata/atlas/samples/outreach/exercises.md"' in page.text


def test_html_of_abstracts_cannot_run_anything(portal: httpx.Client) -> None:
    page = portal.get("/record/900007").text
    assert "<script" not in page
    assert "<float" not in page


def test_the_front_page_lists_and_searches(portal: httpx.Client, collection: SampleCollection) -> None:
    assert all(f'href="/record/{recid}"' in portal.get("/").text for recid in collection.records)
    searched = portal.get("/", params={"q": "experiment:OPERA"}).text
    assert "1 records" in searched
    assert 'href="/record/900006"' in searched


def test_real_bytes_are_served_from_the_folder(opendata_folder: Path, opendata_portal_url: str) -> None:
    rows = (opendata_folder / "files.tsv").read_text().splitlines()[1:]
    assert rows
    for row in rows:
        path = row.split("\t")[8]
        served = httpx.get(f"{opendata_portal_url}/{path}").content
        assert served == (opendata_folder / "files" / path).read_bytes()
