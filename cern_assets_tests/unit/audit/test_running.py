"""An audit keeps its memory, and its report takes no text of a record for anything but text."""

import json
import re
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cern_assets.audit.corpus import opened_corpus
from cern_assets.audit.reference import render
from cern_assets.audit.running import SHOWN_PATCH, Results, audit
from cern_assets.report.audit_page import audit_markdown, audit_page
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.wiring import source_parts
from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.unit.audit.breaking import OPENDATA, OPENDATA_BREAKS, put, with_

type Run = Callable[..., Answer]

HOSTILE = "</title><script>alert(1)</script>`|<img src=http://evil.example/x onerror=alert(2)>[a](javascript:alert(3))"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "audit-rules.md"


def _results(bodies: Sequence[dict[str, Any]], shown: int = 50) -> Results:
    book = source_parts("opendata").rulebook()
    results = Results(book, shown=shown)
    with opened_corpus() as corpus:
        for case in audit(results.counted((body, parse_record(body)) for body in bodies), book, corpus, whole=False):
            results.add(case)
    return results


def _hostile() -> list[dict[str, Any]]:
    named = with_(
        OPENDATA,
        put("title", f" {HOSTILE}"[:290]),
        put("relations", [{"type": HOSTILE, "title": HOSTILE}]),
        put("publisher", HOSTILE),
        put("files/0/checksum", HOSTILE),
    )
    return [named, with_(named, put("recid", "2"), put("publisher", HOSTILE.upper()))]


class _Seen(HTMLParser):
    """Elements and addresses as a browser would take them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def test_no_text_of_a_record_is_markup_of_the_page() -> None:
    page = audit_page(_results(_hostile()), HOSTILE)
    seen = _Seen(page)
    assert "evil.example" in page
    assert seen.tags.isdisjoint({"script", "img", "iframe", "link", "object"})
    addresses = {value for name, value in seen.attributes if name in ("href", "src")}
    assert all(address.startswith(("#", "https://opendata.cern.ch/record/")) for address in addresses)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "default-src 'none'" in page


def test_no_text_of_a_record_is_markup_of_the_markdown() -> None:
    text = audit_markdown(_results(_hostile()), HOSTILE)
    outside = re.sub(r"`[^`\n]*`", "", text.replace("\\`", ""))
    assert "evil.example" in text
    assert not re.search(r"(?<!\\)<[a-z/]", outside)
    assert not re.search(r"(?<!\\)\]\(javascript", outside)
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| `1`")}
    assert widths == {7}


def test_a_report_tells_of_every_rule_that_found_something_and_bounds_what_it_shows() -> None:
    bodies = [
        with_(OPENDATA, put("recid", str(number)), put("title", f"Muons {number} "), put("doi", ...))
        for number in range(1, 61)
    ]
    results = _results(bodies)
    page = audit_page(results, "sixty records")
    assert {tally.rule.id: tally.cases for tally in results.tallies} == {"doi-missing": 60, "text-blank-ends": 60}
    assert page.count('record/7"') == 2
    assert "And 10 records more" in page


def test_the_worst_cases_are_those_of_most_places_and_of_their_patch_the_beginning_is_kept() -> None:
    files = [{"checksum": "adler32:1", "size": 1, "uri": f"{OPENDATA['files'][0]['uri']}{n}"} for n in range(30)]
    many = with_(
        OPENDATA, put("recid", "3"), put("files", files), put("distribution", {"number_files": 30, "size": 30})
    )
    (tally,) = [
        tally
        for tally in _results([OPENDATA_BREAKS["checksum-not-padded"][0], many], shown=1).tallies
        if tally.rule.id == "checksum-not-padded"
    ]
    (worst,) = tally.worst
    assert (tally.cases, tally.places, worst.recid, worst.places) == (2, 31, "3", 30)
    assert len(worst.patch) == SHOWN_PATCH


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    """A record that is kept takes some 5 kB; short texts are remembered, in bounded number."""

    def peak(records: int) -> int:
        def bodies() -> Iterator[tuple[dict[str, Any], Any]]:
            for number in range(1, records + 1):
                body = with_(OPENDATA, put("recid", str(number)), put("title", "Muons "), put("doi", ...))
                yield body, parse_record(body)

        book = source_parts("opendata").rulebook()
        results = Results(book, shown=10)
        tracemalloc.start()
        with opened_corpus() as corpus:
            for case in audit(bodies(), book, corpus, whole=False):
                results.add(case)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(500)  # what is loaded and remembered once
    assert peak(500) < peak(100) + 400 * 1000


def test_the_page_of_the_rules_is_the_rules() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(["opendata", "cds", "zenodo"])


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "records.jsonl"
    bodies = [with_(OPENDATA, put("recid", "7"), put("title", "Electrons ")), OPENDATA_BREAKS["checksum-not-padded"][0]]
    path.write_text("\n".join(json.dumps(body) for body in bodies) + "\nno record\n")
    return path


def test_the_command_tells_each_case_with_its_patch_and_what_it_could_not_read(run: Run, broken: Path) -> None:
    answer = run("audit", "--json", str(broken))
    blank, padded, shared, unread = answer.json_lines
    assert answer.code == 1
    assert (blank["rule"], blank["recid"], blank["patch"][1]["value"]) == ("text-blank-ends", "7", "Electrons")
    assert (padded["rule"], padded["places"]) == ("checksum-not-padded", 1)
    assert (shared["rule"], shared["severity"]) == ("doi-twice", "error")
    assert "records.jsonl:3" in unread["error"]


def test_the_command_writes_a_page_and_the_same_as_markdown(run: Run, broken: Path, tmp_path: Path) -> None:
    for name in ("audit.html", "audit.md"):
        answer = run("audit", "--report", str(tmp_path / name), str(broken))
        assert "2 records, 3 cases" in answer.out
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "adler32:0a8c36af" in text
        assert "records.jsonl:3" in text.replace("\\", "")
    assert run("audit", "--report", str(tmp_path / "audit.pdf"), str(broken)).code == 2


def test_the_command_lists_the_rules_and_wants_files_or_a_collection(run: Run, broken: Path) -> None:
    answer = run("audit", "--rules", "--source", "cds", "--json")
    assert {line["id"] for line in answer.json_lines} == {rule.id for rule in source_parts("cds").rulebook().all}
    assert run("audit").code == 2
    assert run("audit", "--collection", "opendata", str(broken)).code == 2


def test_a_report_that_cannot_be_written_is_told(run: Run, broken: Path, tmp_path: Path) -> None:
    answer = run("audit", "--report", str(tmp_path / "nowhere" / "audit.html"), str(broken))
    assert answer.code == 3
    assert "cannot be written" in answer.err
