"""Full listings of a portal over real HTTP: window, slices, counts, timestamps; and the notes that are kept of them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from starlette.responses import Response

from cern_assets.collections.spec import Selection
from cern_assets.documents.notes import NoteBook
from cern_assets.errors import ConfigurationError, SourceUnavailableError
from cern_assets.flows.discovery.listing import grown, listing_of, named_recids, touched_since
from cern_assets.model.discovery import Asked, Notes, Seen, Sweep
from cern_assets.model.identifiers import Recid
from cern_assets.sources.opendata.client import OpenDataSource
from cern_assets.sources.opendata.recids import parse_recid
from cern_assets.storage.local import LocalStore
from cern_assets_tests.services.growing import GrowingCollection, growing_portal
from cern_assets_tests.unit.sources.opendata.misbehaving import answer, scripted

ALL = Selection(all=True)
WINDOW = 20


@contextmanager
def source_of(url: str, *, window: int = WINDOW) -> Iterator[OpenDataSource]:
    source = OpenDataSource(url, requests_per_minute=0, attempts=1, timeout_seconds=30, window=window)
    with closing(source):
        yield source


def swept(source: OpenDataSource, selection: Selection = ALL, *, slices: int = 10_000) -> Sweep:
    left = iter(range(slices))
    *_, last = grown(source, selection, None, now=1.0, in_time=lambda: next(left, None) is not None)
    return last


@pytest.fixture
def portal() -> Iterator[tuple[GrowingCollection, str]]:
    """A portal with three windows of records, most of them of one experiment and type."""
    with growing_portal(window=WINDOW) as (collection, url):
        for year in range(1989, 2001):
            collection.put(*(f"{year}{number}" for number in range(4)), year=str(year))
        collection.put("7", "8", experiment="CMS")
        collection.records["7"] = {**collection.records["7"], "distribution": {"availability": "ondemand"}}
        yield collection, url


def test_a_listing_beyond_the_window_is_split_until_every_slice_fits(portal: tuple[GrowingCollection, str]) -> None:
    collection, url = portal
    with source_of(url) as source:
        plan = source.plan()
        assert plan.total == 50
        assert all(each.total <= WINDOW for each in plan.slices)
        sweep = swept(source)
        listing = listing_of(source, ALL, sweep, ())
    assert sweep.whole
    assert listing.trusted
    assert listing.seen.keys() == collection.records.keys(), "those on tape too"
    assert all(seen.digest and seen.updated for seen in listing.seen.values())


def test_records_that_no_facet_finds_make_a_listing_untrusted(portal: tuple[GrowingCollection, str]) -> None:
    collection, url = portal
    collection.put("9")
    collection.records["9"] = {name: value for name, value in collection.records["9"].items() if name != "experiment"}
    with source_of(url) as source:
        listing = listing_of(source, ALL, swept(source), ())
    assert not listing.trusted
    assert listing.reason == "The source counts 51 and lists 50."


def test_a_listing_during_which_the_source_grew_is_not_trusted(portal: tuple[GrowingCollection, str]) -> None:
    collection, url = portal
    with source_of(url) as source:
        sweep = swept(source)
        collection.put("99999")
        listing = listing_of(source, ALL, sweep, ())
    assert not listing.trusted
    assert "counted 50 before and 51 after" in listing.reason


def test_a_listing_that_has_no_time_left_is_gone_on_with(portal: tuple[GrowingCollection, str]) -> None:
    collection, url = portal
    with source_of(url) as source:
        first = swept(source, slices=2)
        assert len(first.done) == 2
        assert not first.whole
        assert not listing_of(source, ALL, first, ()).trusted
        *_, last = grown(source, ALL, first, now=2.0, in_time=lambda: True)
        assert last.began == first.began
        assert listing_of(source, ALL, last, ()).seen.keys() == collection.records.keys()
        *_, again = grown(source, ALL, first, now=100_000.0, in_time=lambda: True)
    assert again.began == 100_000.0, "one that was left lying begins again"


def _found(total: int, *recids: str, experiments: tuple[str, ...] = ()) -> Response:
    hits = [{"id": recid, "metadata": {"recid": recid, "title": "one"}} for recid in recids]
    buckets = [{"key": name, "doc_count": total} for name in experiments]
    return answer({"hits": {"total": total, "hits": hits}, "aggregations": {"experiment": {"buckets": buckets}}})


def test_a_listing_that_breaks_off_leaves_what_it_has_and_is_no_whole() -> None:
    plan = [_found(3, experiments=("CMS", "LHCb")), _found(2), _found(1)]
    with scripted(*plan, _found(2, "1", "2"), answer({}, 503)) as portal, source_of(portal.url, window=2) as source:
        steps = grown(source, ALL, None, now=1.0, in_time=lambda: True)
        sweep = next(steps)
        with pytest.raises(SourceUnavailableError):
            next(steps)
    assert sweep.seen.keys() == {"1", "2"}
    assert not sweep.whole


def test_what_cannot_be_split_is_told() -> None:
    with growing_portal(window=WINDOW) as (collection, url), source_of(url) as source:
        collection.put(*(str(number) for number in range(1, 40)))
        with pytest.raises(ConfigurationError, match="no more than 20"):
            source.plan()


def test_one_hit_that_cannot_be_read_hides_no_other() -> None:
    with growing_portal() as (collection, url), source_of(url, window=10_000) as source:
        collection.put("1", "2")
        collection.records["x"] = {"recid": "no recid at all", "title": "odd"}
        listing = listing_of(source, ALL, swept(source), ())
    assert listing.seen.keys() == {"1", "2"}
    assert listing.trusted, "it is counted as a hit that is no record"


def test_touched_records_are_told_by_oai_page_by_page(portal: tuple[GrowingCollection, str]) -> None:
    collection, url = portal
    with source_of(url) as source:
        everything = {record.recid: record for record in source.touched()}
        assert everything.keys() == collection.records.keys()
        listed = listing_of(source, ALL, swept(source), ())
        far = max(stamp.timestamp() for stamp in collection.touched.values()) + 3600
        assert touched_since(source, far).seen == {}
        touched = touched_since(source, far - 3600)
    assert {recid: seen.updated for recid, seen in touched.seen.items()} == {
        recid: seen.updated for recid, seen in listed.seen.items()
    }, "one timestamp has one form, whichever way it is told"


@pytest.mark.parametrize(
    "body",
    [
        "<html/>",
        "no xml",
        '<!DOCTYPE x [<!ENTITY a "b">]><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">&a;</OAI-PMH>',
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badArgument">no</error></OAI-PMH>',
    ],
)
def test_an_answer_that_is_none_of_oai_is_an_error_and_no_empty_list(body: str) -> None:
    with (
        scripted(Response(body, media_type="application/xml")) as portal,
        source_of(portal.url) as source,
        pytest.raises(SourceUnavailableError, match="OAI-PMH of CERN Open Data cannot be used"),
    ):
        list(source.touched())


def test_a_collection_names_recids_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("3\n1 # again\n")
    selection = Selection(recids=(1, "ATLAS-2"), file=tmp_path / "list.txt")
    named = named_recids(selection, parse_recid)
    assert named == ("1", "atlas-2", "3")
    with source_of("http://127.0.0.1:9") as source:  # which is not asked
        listing = listing_of(source, selection, swept(source, selection), named)
    assert listing.trusted
    assert set(listing.seen.values()) == {Seen()}


def test_notes_are_kept_and_read_as_they_were(tmp_path: Path) -> None:
    book = NoteBook(LocalStore(tmp_path), "opendata")
    assert book.read() == Notes()
    a, b = Recid("1"), Recid("2")
    notes = Notes(
        known={a: Seen("digest", "2026-01-01"), b: Seen()},
        missing={b: 5.0},
        gone=frozenset({b}),
        asked=(Asked("key", {a: Seen(None, "x"), b: None}, attempt=2, not_before=7.0),),
        sweep=Sweep(began=1.0, total=2, done=frozenset({"{}"}), seen={a: Seen()}, others=frozenset({"x"})),
        swept_at=3.0,
        polled_at=4.0,
        allowed=6,
    )
    book.write(notes)
    assert book.read() == notes


@pytest.mark.parametrize("content", [b"", b"[]", b'{"known": 5}', b'{"known"', b"\xff"])
def test_notes_that_cannot_be_read_begin_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "discovery").mkdir()
    (tmp_path / "discovery" / "opendata.json").write_bytes(content)
    assert NoteBook(LocalStore(tmp_path), "opendata").read() == Notes()
