"""What every repository must do, as the flows need it: over the embedded server and over a real InvenioRDM.

Both are seen through the same adapter, so this suite guards the adapter against the real repository, and the embedded
server against being kinder than the real one.
"""

import hashlib
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest

from cern_assets.errors import (
    ChecksumMismatchError,
    ConfigurationError,
    CredentialsRefusedError,
    DepositRefusedError,
    RepositoryUnavailableError,
    SizeMismatchError,
    StorageUnavailableError,
)
from cern_assets.flows.publish.payload import doi_among_identifiers
from cern_assets.metadata.comparison import differences
from cern_assets.metadata.custom_fields import declared
from cern_assets.metadata.markup import clean_markup, visible_text
from cern_assets.metadata.terms import vocabulary
from cern_assets.metadata.text import as_kept
from cern_assets.model.checksums import Checksum
from cern_assets.model.publications import Published, RemoteRecord, Review, Sought
from cern_assets.model.uploads import InParts, Upload
from cern_assets.ports import Repository
from cern_assets.repositories.nrp import searching
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.stand_ins.repository import search
from cern_assets_tests.services.needs import free_port, unavailable
from cern_assets_tests.services.repository import RunningRepository

MIB = 1024 * 1024
KEYS = ["a.root", "sub/folder/a b.root", "Zerfälle µµ.csv", "100% #1 & more?.txt", "a+b=c;d,e@f.txt"]
SEARCH_LAG_SECONDS = 20


@pytest.fixture(scope="module", params=["embedded", pytest.param("invenio", marks=pytest.mark.service)])
def running(request: pytest.FixtureRequest) -> RunningRepository:
    name = {"embedded": "embedded_repository", "invenio": "invenio"}[request.param]
    repository: RunningRepository = request.getfixturevalue(name)
    return repository


@pytest.fixture(scope="module")
def stranger(running: RunningRepository) -> Iterator[Repository]:
    """The same repository, as another user sees it."""
    if not running.other_token:
        unavailable("No token of another user is given: set CERN_ASSETS_TEST_INVENIO_OTHER_TOKEN.")
    adapter = NrpRepository(running.url, running.other_token, attempts=3, timeout_seconds=30)
    yield adapter
    adapter.close()


@pytest.fixture(scope="module")
def administrator(running: RunningRepository) -> Iterator[Repository]:
    """The same repository, as one sees it who may withdraw."""
    if not running.admin_token:
        unavailable("No token of an administrator is given: set CERN_ASSETS_TEST_INVENIO_ADMIN_TOKEN.")
    adapter = NrpRepository(running.url, running.admin_token, attempts=3, timeout_seconds=30)
    yield adapter
    adapter.close()


@pytest.fixture(scope="module")
def repository(running: RunningRepository) -> Iterator[Repository]:
    adapter = NrpRepository(running.url, running.token, attempts=3, timeout_seconds=30)
    yield adapter
    adapter.close()


def deposit(*, files: bool = False, identifier: str = "", **metadata: Any) -> dict[str, Any]:
    """A payload that can be published."""
    known = [{"scheme": "url", "identifier": identifier}] if identifier else []
    return {
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": files},
        "metadata": {
            "title": "Dimuon events",
            "publication_date": "2016-04",
            "publisher": "CERN",
            "resource_type": {"id": "dataset"},
            "creators": [{"person_or_org": {"type": "organizational", "name": "CMS Collaboration"}}],
            "identifiers": known,
            **metadata,
        },
    }


def upload_of(content: bytes, key: str = "a.root", *, claimed: bytes | None = None) -> Upload:
    """An upload that hands out `content` in pieces, and whose MD5 is that of `claimed`, if given."""
    claim = content if claimed is None else claimed
    digest = hashlib.md5(claim, usedforsecurity=False).hexdigest()

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield (content[start : start + MIB // 2] for start in range(0, len(content), MIB // 2))

    md5 = Checksum(algorithm="md5", value=digest)
    return Upload(key, len(claim), lambda: md5, opened)


def some_url() -> str:
    return f"https://opendata.cern.ch/record/{uuid4().hex}"


def content_of(repository: Repository, record: RemoteRecord, key: str) -> bytes:
    with repository.download(record, key) as chunks:
        return b"".join(chunks)


def published(repository: Repository, payload: dict[str, Any] | None = None) -> Published:
    return repository.publish(repository.create_draft(payload or deposit()))


def eventually(question: Callable[[], bool]) -> bool:
    """Ask until the search has caught up with the writes."""
    deadline = time.monotonic() + SEARCH_LAG_SECONDS
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_a_ping_names_the_repository(repository: Repository, running: RunningRepository) -> None:
    assert running.url in repository.ping()


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_is_refused(running: RunningRepository, token: str) -> None:
    adapter = NrpRepository(running.url, token, attempts=3, timeout_seconds=30)
    try:
        with pytest.raises(CredentialsRefusedError, match="CERN_ASSETS_REPOSITORY_TOKEN"):
            adapter.ping()
        with pytest.raises(CredentialsRefusedError):
            adapter.create_draft(deposit())
    finally:
        adapter.close()


def test_another_name_of_the_same_host_works(running: RunningRepository) -> None:
    other = running.url.replace("127.0.0.1", "localhost")
    adapter = NrpRepository(other, running.token, attempts=2, timeout_seconds=30)
    try:
        draft = adapter.create_draft(deposit(files=True))
        adapter.upload(draft, upload_of(b"bytes"))
        record = adapter.publish(draft)
        assert content_of(adapter, record, "a.root") == b"bytes"
    finally:
        adapter.close()


def test_a_draft_is_created_read_changed_and_published(repository: Repository) -> None:
    identifier = some_url()
    draft = repository.create_draft(deposit(identifier=identifier))
    assert (draft.state, draft.version_index, draft.problems) == ("draft", 1, ())
    assert repository.read_published(draft.record_id) is None

    changed = repository.update_draft(draft.record_id, deposit(identifier=identifier, title="Another title"))
    read = repository.read_draft(draft.record_id)
    assert read is not None
    assert read.payload["metadata"]["title"] == changed.payload["metadata"]["title"] == "Another title"  # type: ignore[index, call-overload]

    record = repository.publish(read)
    assert (record.state, record.record_id, record.parent_id) == ("published", draft.record_id, draft.parent_id)
    assert record.url.endswith(f"/records/{record.record_id}")
    assert repository.read_draft(draft.record_id) is None
    assert repository.read_published(draft.record_id) == record


def test_an_invalid_draft_lists_its_problems_and_is_not_published(repository: Repository) -> None:
    payload = deposit()
    del payload["metadata"]["title"]
    payload["metadata"]["creators"] = [{"person_or_org": {"type": "personal", "given_name": "Ada"}}]
    draft = repository.create_draft(payload)
    assert any(problem.startswith("metadata.title: ") for problem in draft.problems)
    assert any(problem.startswith("metadata.creators.0.person_or_org") for problem in draft.problems)
    with pytest.raises(DepositRefusedError, match=r"metadata\.title: Missing data for required field") as raised:
        repository.publish(draft)
    assert raised.value.field is not None
    assert repository.read_published(draft.record_id) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("publication_date", "April 2016"),
        ("resource_type", {}),
        ("creators", []),
        ("title", "no"),
        ("identifiers", [{"scheme": "no-such-scheme", "identifier": "1"}]),
        ("contributors", [{"person_or_org": {"type": "personal", "family_name": "Curie"}}]),
        ("related_identifiers", [{"scheme": "url", "identifier": "https://cern.ch/1"}]),
        ("dates", [{"date": "yesterday", "type": {"id": "created"}}]),
        ("additional_descriptions", [{"description": "Without a type."}]),
        ("subjects", [{"subject": ""}]),
    ],
)
def test_a_broken_field_is_a_problem_of_that_name(repository: Repository, field: str, value: Any) -> None:
    draft = repository.create_draft(deposit(**{field: value}))
    assert any(problem.startswith(f"metadata.{field}") for problem in draft.problems)
    again = repository.update_draft(draft.record_id, deposit(**{field: value}))
    assert again.problems == draft.problems
    with pytest.raises(DepositRefusedError):
        repository.publish(draft)


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "v" * 192), ("description", "no"), ("publisher", None), ("shoe_size", 44)],
)
def test_a_value_that_the_repository_drops_is_a_problem_only_while_it_is_saved(
    repository: Repository, field: str, value: Any
) -> None:
    """So nobody may publish a draft with problems: the publication would not complain."""
    draft = repository.create_draft(deposit(**{field: value}))
    assert [problem.partition(": ")[0] for problem in draft.problems] == [f"metadata.{field}"]
    assert field not in repository.publish(draft).payload["metadata"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("resource_type", {"id": "no-such-type"}),
        ("dates", [{"date": "2016", "type": {"id": "no-such-type"}}]),
        ("additional_titles", [{"title": "Another one", "type": {"id": "no-such-type"}}]),
    ],
)
def test_an_id_outside_its_vocabulary_is_refused_at_once(repository: Repository, field: str, value: Any) -> None:
    with pytest.raises(DepositRefusedError, match="no-such-type"):
        repository.create_draft(deposit(**{field: value}))


def test_a_record_with_files_enabled_needs_a_file(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    with pytest.raises(DepositRefusedError, match=r"files\.enabled: Missing uploaded files"):
        repository.publish(draft)


def test_a_record_may_have_metadata_only(repository: Repository) -> None:
    record = published(repository)
    assert repository.files(record) == ()


@pytest.mark.parametrize("key", KEYS)
def test_a_file_arrives_and_comes_back_under_any_key(repository: Repository, key: str) -> None:
    content = key.encode() * 1000
    draft = repository.create_draft(deposit(files=True))
    sent = repository.upload(draft, upload_of(content, key))
    assert (sent.key, sent.size_bytes, sent.committed) == (key, len(content), True)
    assert repository.files(draft) == (sent,)
    assert content_of(repository, draft, key) == content

    record = repository.publish(draft)
    assert [(file.key, file.checksum) for file in repository.files(record)] == [(key, sent.checksum)]
    assert content_of(repository, record, key) == content


@pytest.mark.parametrize("size_bytes", [0, 1, 5 * MIB + 3])
def test_files_of_any_size_are_the_same_when_read_back(repository: Repository, size_bytes: int) -> None:
    content = hashlib.shake_128(b"seed").digest(size_bytes)
    draft = repository.create_draft(deposit(files=True))
    assert repository.upload(draft, upload_of(content)).size_bytes == size_bytes
    assert content_of(repository, draft, "a.root") == content


def test_a_second_upload_replaces_the_first(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.upload(draft, upload_of(b"first"))
    repository.upload(draft, upload_of(b"second"))
    assert content_of(repository, draft, "a.root") == b"second"
    assert len(repository.files(draft)) == 1


@pytest.mark.parametrize("with_content", [False, True])
def test_what_an_interrupted_upload_left_is_replaced(
    repository: Repository, running: RunningRepository, *, with_content: bool
) -> None:
    draft = repository.create_draft(deposit(files=True))
    files_url = f"{running.url}/api/records/{draft.record_id}/draft/files"
    headers = {"Authorization": f"Bearer {running.token}"}
    httpx.post(files_url, headers=headers, json=[{"key": "a.root", "size": 100}], timeout=30).raise_for_status()
    if with_content:
        sent = httpx.put(f"{files_url}/a.root/content", headers=headers, content=b"half of it", timeout=30)
        sent.raise_for_status()
    assert not repository.files(draft)[0].committed
    assert repository.upload(draft, upload_of(b"all of it")).committed
    assert content_of(repository, draft, "a.root") == b"all of it"


def test_a_pending_file_hinders_publication(repository: Repository, running: RunningRepository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.upload(draft, upload_of(b"done", "done.root"))
    url = f"{running.url}/api/records/{draft.record_id}/draft/files"
    headers = {"Authorization": f"Bearer {running.token}"}
    httpx.post(url, headers=headers, json=[{"key": "pending.root"}], timeout=30).raise_for_status()
    with pytest.raises(DepositRefusedError):
        repository.publish(draft)
    repository.delete_file(draft, "pending.root")
    assert repository.publish(draft).state == "published"


def test_a_copy_with_another_md5_is_detected_and_deleted(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    with pytest.raises(ChecksumMismatchError):
        repository.upload(draft, upload_of(b"bytes on disk", claimed=b"bytes declared"[:13]))
    assert repository.files(draft) == ()


@pytest.mark.parametrize("content", [b"too few", b"far too many bytes for what was declared"])
def test_a_source_of_another_size_is_detected(repository: Repository, content: bytes) -> None:
    draft = repository.create_draft(deposit(files=True))
    with pytest.raises(SizeMismatchError):
        repository.upload(draft, upload_of(content, claimed=b"what was declared"))
    assert not any(file.committed for file in repository.files(draft))
    assert repository.upload(draft, upload_of(b"what was declared")).committed


def test_a_source_that_fails_is_reported_as_itself(repository: Repository) -> None:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            yield bytes(MIB)
            raise StorageUnavailableError("The store went away.")

        yield chunks()

    def broken() -> AbstractContextManager[Iterator[bytes]]:
        return opened()

    draft = repository.create_draft(deposit(files=True))
    whole = upload_of(bytes(2 * MIB))
    with pytest.raises(StorageUnavailableError, match="The store went away"):
        repository.upload(draft, Upload(whole.key, whole.size_bytes, whole.md5, broken))
    assert repository.upload(draft, whole).committed


def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.upload(draft, upload_of(b"bytes", "sub/a b.root"))
    repository.delete_file(draft, "sub/a b.root")
    repository.delete_file(draft, "sub/a b.root")
    assert repository.files(draft) == ()


def test_the_101st_file_is_refused(repository: Repository, running: RunningRepository) -> None:
    draft = repository.create_draft(deposit(files=True))
    url = f"{running.url}/api/records/{draft.record_id}/draft/files"
    announced = [{"key": f"{number}.root"} for number in range(100)]
    headers = {"Authorization": f"Bearer {running.token}"}
    httpx.post(url, headers=headers, json=announced, timeout=120).raise_for_status()
    with pytest.raises(DepositRefusedError, match="exceeding the max amount"):
        repository.upload(draft, upload_of(b"one too many", "one-too-many.root"))


def test_drafts_and_published_records_are_found_by_identifier(repository: Repository) -> None:
    identifier, other = some_url(), some_url()
    draft = repository.create_draft(deposit(identifier=identifier))
    published(repository, deposit(identifier=other))
    assert eventually(lambda: [found.record_id for found in repository.find(identifier).own] == [draft.record_id])
    assert repository.find(identifier).own[0].state == "draft"

    repository.publish(draft)
    assert eventually(lambda: [found.state for found in repository.find(identifier).own] == ["published"])
    assert [found.record_id for found in repository.find(identifier).own] == [draft.record_id]
    assert repository.find(identifier.removesuffix(identifier[-1])) == Sought(own=())


@pytest.mark.parametrize("identifier", ['odd "quoted" \\ one', "AND (", "recid:133 OR *"])
def test_an_identifier_with_the_search_language_in_it_is_taken_literally(
    repository: Repository, identifier: str
) -> None:
    identifier = f"{identifier} {uuid4().hex}"
    payload = deposit(identifiers=[{"scheme": "other", "identifier": identifier}])
    draft = repository.create_draft(payload)
    assert draft.problems == ()
    assert eventually(lambda: [found.record_id for found in repository.find(identifier).own] == [draft.record_id])


def test_a_restricted_record_is_found_by_its_depositor(repository: Repository) -> None:
    identifier = some_url()
    payload = {**deposit(identifier=identifier), "access": {"record": "restricted", "files": "restricted"}}
    record = published(repository, payload)
    # The draft that it was may be shown for a while.
    found = [(record.record_id, "published")]
    assert eventually(lambda: [(each.record_id, each.state) for each in repository.find(identifier).own] == found)


def test_what_another_user_publishes_under_an_identifier_is_told_apart_from_what_is_ours(
    repository: Repository, stranger: Repository
) -> None:
    identifier = some_url()
    theirs = published(stranger, deposit(identifier=identifier))
    assert eventually(lambda: [found.url for found in repository.find(identifier).others] == [theirs.url])
    assert repository.find(identifier).own == ()

    ours = published(repository, deposit(identifier=identifier))
    assert eventually(lambda: [found.url for found in repository.find(identifier).own] == [ours.url])
    assert [found.url for found in repository.find(identifier).others] == [theirs.url]
    owners = {record.owner for record in repository.find_published(identifier)}
    assert len(owners) == 2
    assert "" not in owners


def test_a_record_with_a_draft_of_its_next_version_is_still_ours(repository: Repository) -> None:
    identifier = some_url()
    record = published(repository, deposit(identifier=identifier))
    repository.new_version(record.record_id)
    assert eventually(lambda: {found.state for found in repository.find(identifier).own} == {"published", "draft"})
    assert repository.find(identifier).others == ()


def test_the_draft_of_another_user_is_neither_found_nor_read_nor_changed(
    repository: Repository, stranger: Repository
) -> None:
    identifier = some_url()
    theirs = stranger.create_draft(deposit(identifier=identifier))
    assert eventually(lambda: [found.record_id for found in stranger.find(identifier).own] == [theirs.record_id])
    assert repository.find(identifier) == Sought(own=())
    with pytest.raises(CredentialsRefusedError):
        repository.read_draft(theirs.record_id)
    with pytest.raises(CredentialsRefusedError):
        repository.update_draft(theirs.record_id, deposit(identifier=identifier))
    with pytest.raises(CredentialsRefusedError):
        repository.publish(theirs)


def test_nobody_edits_the_published_record_of_another_user(repository: Repository, stranger: Repository) -> None:
    theirs = published(stranger)
    with pytest.raises(CredentialsRefusedError):
        repository.edit(theirs.record_id)
    with pytest.raises(CredentialsRefusedError):
        repository.new_version(theirs.record_id)


def test_an_edited_record_keeps_its_id_and_files(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    sent = repository.upload(draft, upload_of(b"bytes"))
    record = repository.publish(draft)

    edited = repository.edit(record.record_id)
    assert (edited.record_id, edited.state, edited.version_index) == (record.record_id, "draft", 1)
    assert repository.edit(record.record_id).record_id == record.record_id
    repository.update_draft(record.record_id, deposit(files=True, title="Corrected title"))
    again = repository.publish(edited)
    assert again.payload["metadata"]["title"] == "Corrected title"  # type: ignore[index, call-overload]
    assert [(file.key, file.checksum) for file in repository.files(again)] == [(sent.key, sent.checksum)]


def test_a_new_version_has_another_id_the_next_index_and_no_files(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.upload(draft, upload_of(b"bytes of version 1"))
    first = repository.publish(draft)

    second = repository.new_version(first.record_id)
    assert second.record_id != first.record_id
    assert (second.parent_id, second.state, second.version_index) == (first.parent_id, "draft", 2)
    assert repository.files(second) == ()
    assert repository.new_version(first.record_id).record_id == second.record_id

    repository.update_draft(second.record_id, deposit(files=True, title="Second version"))
    repository.upload(second, upload_of(b"bytes of version 2"))
    published_second = repository.publish(second)
    assert published_second.version_index == 2
    assert content_of(repository, first, "a.root") == b"bytes of version 1"
    assert content_of(repository, published_second, "a.root") == b"bytes of version 2"


def test_only_the_latest_version_is_found(repository: Repository) -> None:
    identifier = some_url()
    first = published(repository, deposit(identifier=identifier))
    second = repository.new_version(first.record_id)
    repository.update_draft(second.record_id, deposit(identifier=identifier))
    repository.publish(second)
    assert eventually(lambda: [found.record_id for found in repository.find(identifier).own] == [second.record_id])


def test_files_that_were_announced_together_take_two_requests_each(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    uploads = [upload_of(key.encode() * 10, key) for key in KEYS]
    repository.announce(draft, uploads)
    assert [file.committed for file in repository.files(draft)] == [False] * len(KEYS)
    sent = {repository.upload(draft, upload, announced=True) for upload in uploads}
    assert set(repository.files(draft)) == sent
    record = repository.publish(draft)
    assert content_of(repository, record, KEYS[-1]) == KEYS[-1].encode() * 10


def test_a_published_records_own_answers_and_a_search_list_its_files(repository: Repository) -> None:
    identifier = some_url()
    draft = repository.create_draft(deposit(files=True, identifier=identifier))
    sent = [repository.upload(draft, upload_of(key.encode(), key)) for key in ("a.root", "b.root")]
    record = repository.publish(draft)
    assert record.files == tuple(sent)
    read = repository.read_published(record.record_id)
    assert read is not None
    assert read.files == repository.files(record) == record.files
    assert eventually(lambda: [found.files for found in repository.find_published(identifier)] == [tuple(sent)])
    assert (
        differences(deposit(files=True, identifier=identifier), repository.find_published(identifier)[0].payload) == ()
    )


def test_all_that_a_depositor_owns_is_listed_and_nothing_of_others(
    repository: Repository, stranger: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the repository shows no second page of a search, as InvenioRDM does after 10,000 hits."""
    monkeypatch.setattr(searching, "_OWN_PAGE", 10)
    monkeypatch.setattr(search, "_WINDOW", 10)  # of the embedded one
    theirs = published(stranger)
    drafts = [repository.create_draft(deposit()) for _ in range(26)]
    ours = repository.publish(drafts[0])
    following = repository.new_version(published(repository).record_id)
    wanted = {ours.record_id: "published", following.record_id: "draft"} | {
        each.record_id: "draft" for each in drafts[1:]
    }

    def listed() -> bool:
        try:
            found = {each.record_id: each.state for each in repository.own_records()}
        except RepositoryUnavailableError:  # its index was catching up while it was read
            return False
        assert theirs.record_id not in found
        return found.items() >= wanted.items()

    assert eventually(listed)


def test_a_published_record_without_files_says_so(repository: Repository) -> None:
    assert published(repository).files == ()


def test_an_external_doi_is_kept_and_taken_once(repository: Repository) -> None:
    doi = f"10.7483/OPENDATA.CMS.{uuid4().hex[:8].upper()}"
    payload = {**deposit(), "pids": {"doi": {"identifier": doi, "provider": "external"}}}
    record = published(repository, payload)
    assert record.payload["pids"]["doi"]["identifier"] == doi  # type: ignore[index, call-overload]
    with pytest.raises(DepositRefusedError, match="already exists"):
        published(repository, payload)


def test_records_that_share_a_doi_are_found_by_it_beside_those_of_an_identifier(repository: Repository) -> None:
    doi = f"10.7483/OPENDATA.CMS.{uuid4().hex[:8].upper()}"
    one, other = (f"https://opendata.cern.ch/record/{uuid4().hex}" for _ in range(2))
    pids: dict[str, Any] = {"doi": {"identifier": doi, "provider": "external"}}
    first = published(repository, {**deposit(identifier=one), "pids": pids})
    second = published(repository, dict(doi_among_identifiers({**deposit(identifier=other), "pids": pids})))
    assert eventually(lambda: [record.url for record in repository.find(one, doi=doi).sharing] == [second.url])
    assert eventually(lambda: [record.url for record in repository.find(other, doi=doi).sharing] == [first.url])
    assert [record.url for record in repository.find(other, doi=doi).own] == [second.url]
    assert {record.url for record in repository.find_published(one, doi=doi)} == {first.url, second.url}
    assert repository.find(one).sharing == ()


def test_a_depositor_may_not_withdraw_a_published_record(repository: Repository) -> None:
    record = published(repository)
    with pytest.raises(CredentialsRefusedError):
        repository.withdraw(record, reason="retracted", note="Because.")
    assert repository.read_published(record.record_id) is not None


def test_a_version_is_withdrawn_for_itself_and_the_one_before_it_is_shown(
    administrator: Repository, running: RunningRepository
) -> None:
    identifier, doi = some_url(), f"10.7483/withdrawn.{uuid4().hex[:8]}"
    of_its_own = {**deposit(identifier=identifier), "pids": {"doi": {"identifier": doi, "provider": "external"}}}
    first = published(administrator, of_its_own)
    draft = administrator.new_version(first.record_id)
    administrator.update_draft(draft.record_id, deposit(identifier=identifier))
    second = administrator.publish(draft)

    def found() -> list[str]:
        return [record.record_id for record in administrator.find_published(identifier)]

    assert eventually(lambda: found() == [second.record_id])
    administrator.withdraw(second, reason="take-down-request", note="Why it is gone.")
    assert administrator.read_published(second.record_id) is None
    assert administrator.read_published(first.record_id) is not None
    assert eventually(lambda: found() == [first.record_id])
    tombstone = httpx.get(f"{running.url}/api/records/{second.record_id}", timeout=30)
    assert (tombstone.status_code, tombstone.json()["tombstone"]["note"]) == (410, "Why it is gone.")
    administrator.withdraw(second, reason="take-down-request", note="Once more.")
    administrator.withdraw(first, reason="take-down-request", note="Why it is gone.")
    assert eventually(lambda: (found(), administrator.find(identifier).own) == ([], ()))
    again = published(administrator, of_its_own)
    assert again.payload["pids"]["doi"]["identifier"] == doi  # type: ignore[index,call-overload]  # plain JSON


def test_an_unknown_id_is_none(repository: Repository) -> None:
    assert repository.read_draft("zzzzz-99999") is None
    assert repository.read_published("zzzzz-99999") is None
    with pytest.raises(DepositRefusedError):
        repository.edit("zzzzz-99999")


def test_files_of_a_published_record_cannot_be_changed(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.upload(draft, upload_of(b"bytes"))
    edited = repository.edit(repository.publish(draft).record_id)
    with pytest.raises((DepositRefusedError, CredentialsRefusedError)):
        repository.upload(edited, upload_of(b"other bytes", "b.root"))


def test_a_repository_that_is_not_there_is_told_soon() -> None:
    adapter = NrpRepository(f"http://127.0.0.1:{free_port()}", "token", attempts=3, timeout_seconds=5)
    try:
        with pytest.raises(RepositoryUnavailableError, match="CERN_ASSETS_REPOSITORY_URL"):
            adapter.ping()
        with pytest.raises(RepositoryUnavailableError):
            adapter.create_draft(deposit())
    finally:
        adapter.close()


def test_a_deleted_draft_is_gone_with_its_files_and_deleting_it_again_is_no_error(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.upload(draft, upload_of(b"bytes"))
    repository.delete_draft(draft)
    assert repository.read_draft(draft.record_id) is None
    repository.delete_draft(draft)


def test_giving_up_an_edit_leaves_the_published_record(repository: Repository) -> None:
    record = published(repository)
    edited = repository.edit(record.record_id)
    assert edited.is_edit
    repository.update_draft(record.record_id, deposit(title="Never published"))
    repository.delete_draft(edited)
    after = repository.read_published(record.record_id)
    assert after is not None
    assert after.payload["metadata"] == record.payload["metadata"]


def test_a_new_version_takes_the_files_of_the_last_without_a_byte_being_sent(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    sent = {repository.upload(draft, upload_of(key.encode(), key)) for key in ("a.root", "b.root")}
    first = repository.publish(draft)

    second = repository.new_version(first.record_id)
    assert set(repository.import_files(second)) == sent
    repository.delete_file(second, "b.root")
    repository.upload(second, upload_of(b"another b", "b.root"))
    repository.update_draft(second.record_id, deposit(files=True))
    after = repository.publish(second)
    assert {key: content_of(repository, after, key) for key in ("a.root", "b.root")} == {
        "a.root": b"a.root",
        "b.root": b"another b",
    }
    assert content_of(repository, first, "b.root") == b"b.root"


def community(running: RunningRepository, policy: str) -> str:
    """Make a community of the depositor's; its slug."""
    slug = f"test-{uuid4().hex[:12]}"
    body = {
        "slug": slug,
        "metadata": {"title": f"The {policy} one"},
        "access": {"visibility": "public", "review_policy": policy},
    }
    headers = {"Authorization": f"Bearer {running.token}"}
    httpx.post(f"{running.url}/api/communities", headers=headers, json=body, timeout=30).raise_for_status()
    return slug


def replace_status(review: Review, status: Literal["refused"]) -> Review:
    return review.model_copy(update={"status": status})


def answer(running: RunningRepository, request_id: str, action: str) -> None:
    headers = {"Authorization": f"Bearer {running.token}"}
    url = f"{running.url}/api/requests/{request_id}/actions/{action}"
    httpx.post(url, headers=headers, json={}, timeout=30).raise_for_status()


def test_a_community_whose_policy_lets_us_decide_takes_and_publishes_a_draft_at_once(
    repository: Repository, running: RunningRepository
) -> None:
    draft = repository.create_draft(deposit())
    assert repository.review(draft) is None
    slug = community(running, "open")
    assert repository.submit_review(draft, slug).status == "accepted"
    record = repository.read_published(draft.record_id)
    assert record is not None
    assert slug in record.communities
    assert repository.edit(record.record_id).in_community


def test_a_community_that_reviews_keeps_a_draft_waiting_until_it_is_accepted(
    repository: Repository, running: RunningRepository
) -> None:
    draft = repository.create_draft(deposit())
    asked = repository.submit_review(draft, community(running, "closed"))
    assert asked.status == "waiting"
    assert repository.review(draft) == asked
    assert repository.read_published(draft.record_id) is None
    with pytest.raises(DepositRefusedError):
        repository.publish(draft)
    answer(running, asked.request_id, "accept")
    assert repository.read_published(draft.record_id) is not None


def test_what_a_community_took_from_another_user_says_so_where_it_is_found(
    repository: Repository, stranger: Repository, running: RunningRepository
) -> None:
    identifier, slug = some_url(), community(running, "closed")
    theirs = stranger.create_draft(deposit(identifier=identifier))
    asked = stranger.submit_review(theirs, slug)
    assert asked.status == "waiting"
    answer(running, asked.request_id, "accept")
    assert eventually(lambda: [slug in found.communities for found in repository.find(identifier).others] == [True])


def test_a_draft_that_a_community_refused_can_be_submitted_again(
    repository: Repository, running: RunningRepository
) -> None:
    draft = repository.create_draft(deposit())
    slug = community(running, "closed")
    answer(running, repository.submit_review(draft, slug).request_id, "decline")
    refused = repository.review(draft)
    assert refused is None or refused.status == "refused"
    assert repository.submit_review(draft, slug).status == "waiting"


def test_a_further_community_takes_a_published_record_at_once_or_after_it_was_accepted(
    repository: Repository, running: RunningRepository
) -> None:
    record = repository.publish(repository.create_draft(deposit()))
    taking, reviewing = community(running, "open"), community(running, "closed")
    assert repository.include(record, taking).status == "accepted"
    asked = repository.include(record, reviewing)
    assert asked.status == "waiting"
    for slug, words in ((taking, "already included"), (reviewing, "already an open inclusion request")):
        with pytest.raises(DepositRefusedError, match=words):
            repository.include(record, slug)
    assert repository.request(asked.request_id) == asked
    edited = repository.edit(record.record_id)
    assert repository.review(edited) is None, "nobody reviews an edit because of it"
    answer(running, asked.request_id, "accept")
    now = repository.read_published(record.record_id)
    assert now is not None
    assert {taking, reviewing} <= set(now.communities)
    with pytest.raises(ConfigurationError, match="no community 'no-such-one'"):
        repository.include(record, "no-such-one")


def test_a_review_is_taken_back_by_who_asked_for_it_and_only_then_its_draft_is_deleted(
    repository: Repository, stranger: Repository, running: RunningRepository
) -> None:
    draft = repository.create_draft(deposit())
    asked = repository.submit_review(draft, community(running, "closed"))
    with pytest.raises(DepositRefusedError, match="cancel the review first"):
        repository.delete_draft(draft)
    with pytest.raises(CredentialsRefusedError):
        stranger.cancel(asked.request_id)
    repository.cancel(asked.request_id)
    now = repository.request(asked.request_id)
    assert (now is not None, now and now.status) == (True, "refused")
    left = repository.review(draft)
    assert left is None or left.status == "refused"
    with pytest.raises((DepositRefusedError, CredentialsRefusedError)):
        repository.cancel(asked.request_id)
    repository.delete_draft(draft)
    assert repository.read_draft(draft.record_id) is None


def test_a_request_to_a_further_community_is_found_by_its_record_and_taken_back(
    repository: Repository, running: RunningRepository
) -> None:
    record = repository.publish(repository.create_draft(deposit()))
    reviewing, other = community(running, "closed"), community(running, "closed")
    assert repository.included(record.record_id, reviewing) is None
    asked = repository.include(record, reviewing)
    assert eventually(lambda: repository.included(record.record_id, reviewing) == asked)
    assert repository.included(record.record_id, other) is None
    repository.cancel(asked.request_id)
    taken_back = replace_status(asked, "refused")
    assert repository.request(asked.request_id) == taken_back
    assert eventually(lambda: repository.included(record.record_id, reviewing) == taken_back)
    again = repository.include(record, reviewing)
    assert again.request_id != asked.request_id
    assert eventually(lambda: repository.included(record.record_id, reviewing) == again), "the latest is meant"


def test_an_unknown_community_is_told_with_its_name(repository: Repository) -> None:
    draft = repository.create_draft(deposit())
    with pytest.raises(ConfigurationError, match="no community 'no-such-one'"):
        repository.submit_review(draft, "no-such-one")


TEXTS = [
    "plain",
    "\u201cquoted\u201d and \u2018single\u2019",
    "R&D and R&amp;D",
    "|eta| &lt; 2.4",
    "caf\u00e9, cafe\u0301",
    "\ufb01sh and \uff26ull width",
    "\u00b5\u00b5 \u2192 \u00e9\u00e9",
    "$\\sqrt{s}=5.02~\\mathrm{TeV}$",
    "two\u2028lines and a\u00a0blank",
    "a < b, c > d and 5<6",
    "<p>one<br>two\nthree</p> <p>four</p>",
    'can be found in <a href="https://opendata.cern.ch/search?a=1&amp;b=2">the \u201cguide\u201d</a>.',
    "caf&eacute; &alpha; &rarr; &lt;i&gt; &amp;amp; &nbsp;x",
    "B &rarr; $J/\\psi K$ &lt;br&gt; \u2018\u00e9\u2019",
]


def test_every_declared_custom_field_comes_back_from_draft_and_record(repository: Repository) -> None:
    sent = {**deposit(), "custom_fields": dict(declared().examples("cern"))}
    draft = repository.create_draft(sent)
    assert draft.problems == ()
    assert differences(sent, draft.payload) == ()
    assert differences(sent, repository.publish(draft).payload) == ()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("cern:nobody_declared_this", "x", "cern:nobody_declared_this: Unknown field."),
        ("nobody", {"a": 1}, "nobody: Unknown field."),
        ("cern:nickname", 5, "cern:nickname: Not a valid string."),
        ("cern:nickname", None, "cern:nickname: Field may not be null."),
        ("cern:number_of_events", "12", "cern:number_of_events: Not a valid integer."),
        ("cern:number_of_events", True, "cern:number_of_events: Not a valid integer."),
        ("cern:cross_section_pb", "much", "cern:cross_section_pb: Not a valid number."),
        ("cern:experiment", "DELPHI", "cern:experiment: Not a valid list."),
        ("cern:experiment", [5], "cern:experiment.0: Not a valid string."),
        ("cern:collision_type", "ee", "cern:collision_type._schema: Invalid input type."),
        ("cern:collision_type", {}, "cern:collision_type.id: Missing data for required field."),
        ("journal:journal", "x", "journal:journal._schema: Invalid input type."),
        ("journal:journal", None, "journal:journal: Field may not be null."),
        ("journal:journal", {"year": "1999"}, "journal:journal.year: Unknown field."),
        ("imprint:imprint", {"pages": 5}, "imprint:imprint.pages: Not a valid string."),
        ("imprint:imprint", {"isbn": "1234"}, "imprint:imprint.isbn: Please provide a valid ISBN."),
        ("meeting:meeting", {"url": "somewhere"}, "meeting:meeting.url: You must provide a valid URL."),
        (
            "thesis:thesis",
            {"date_defended": "soon"},
            "thesis:thesis.date_defended: Please provide a valid date or interval.",
        ),
    ],
)
def test_a_custom_field_that_is_not_kept_is_told_once_and_dropped_and_the_others_stay(
    repository: Repository, name: str, value: Any, complaint: str
) -> None:
    other = {"cern:accelerator": "CERN-LEP"}
    draft = repository.create_draft({**deposit(), "custom_fields": {name: value, **other}})
    assert draft.problems == (f"custom_fields.{complaint}",)
    kept = repository.publish(draft).payload["custom_fields"]
    assert isinstance(kept, dict)
    assert {key: kept_value for key, kept_value in kept.items() if kept_value} == other


@pytest.mark.parametrize(
    ("name", "value"), [("cern:collision_type", {"id": "nobody"}), ("cern:number_of_events", 2**63)]
)
def test_a_custom_field_that_cannot_be_stored_makes_no_draft(repository: Repository, name: str, value: Any) -> None:
    with pytest.raises((DepositRefusedError, RepositoryUnavailableError)):
        repository.create_draft({**deposit(), "custom_fields": {name: value}})


@pytest.mark.parametrize(
    ("vocabulary", "term", "has"),
    [("cerncollisiontypes", "ee", True), ("cerncollisiontypes", "nobody", False), ("nobody", "ee", False)],
)
def test_terms_of_vocabularies_can_be_asked_for(
    repository: Repository, vocabulary: str, term: str, *, has: bool
) -> None:
    assert repository.has_term(vocabulary, term) == has


def test_a_vocabulary_tells_what_it_holds_and_one_that_is_not_there_that_it_is_not(repository: Repository) -> None:
    own = repository.held_terms("cerncollisiontypes")
    assert own is not None
    assert (own.total, "ee" in (own.ids or ())) == (5, True)
    for name in ("relation_types", "resource_types", "roles", "date_types", "description_types", "title_types"):
        ours = vocabulary(name)
        held = repository.held_terms(ours.target)
        assert held is not None, ours.target
        assert held.ids is not None
        assert set(ours.titles) - held.ids == set(), ours.target
    assert repository.held_terms("nobody") is None


@pytest.mark.parametrize("text", TEXTS)
def test_texts_come_back_as_they_were_sent_once_they_are_written_as_they_are_kept(
    repository: Repository, text: str
) -> None:
    """What InvenioRDM's own cleaning would change, `as_kept` and the comparison know: nothing is refused for it."""
    described = as_kept(clean_markup(text, base_url="https://opendata.cern.ch/record/1").html)
    sent: dict[str, Any] = deposit(title=as_kept(text), description=described)
    sent["custom_fields"] = {"cern:nickname": as_kept(text)}
    answered = repository.create_draft(sent)
    assert answered.problems == ()
    assert differences(sent, answered.payload) == ()


@pytest.mark.parametrize("text", TEXTS)
def test_both_repositories_change_texts_in_the_same_way(
    repository: Repository, embedded_repository: RunningRepository, text: str
) -> None:
    embedded = NrpRepository(embedded_repository.url, embedded_repository.token, attempts=1, timeout_seconds=30)
    sent = {
        **deposit(title=text, description=f"{text} <b>bold</b> <x>foreign</x>"),
        "custom_fields": {"cern:nickname": text},
    }
    drafts = [each.create_draft(sent).payload for each in (repository, embedded)]
    embedded.close()
    assert drafts[0]["custom_fields"] == drafts[1]["custom_fields"]
    kept = [draft["metadata"] for draft in drafts]
    assert isinstance(kept[0], dict)
    assert isinstance(kept[1], dict)
    assert kept[0]["title"] == kept[1]["title"]
    assert visible_text(str(kept[0]["description"])).split() == visible_text(str(kept[1]["description"])).split()


def in_parts(content: bytes, part_bytes: int, *, claimed: bytes | None = None, sent: Collection[int] = ()) -> Upload:
    """The same upload as `upload_of`, to be sent in parts, but for those that are `sent`."""

    @contextmanager
    def opened(offset: int, size: int) -> Iterator[Iterator[bytes]]:
        yield iter([content[offset : offset + size]])

    parts = InParts(part_bytes=part_bytes, at_once=3, open=opened, sent=frozenset(sent))
    return replace(upload_of(content, claimed=claimed), parts=parts)


@pytest.mark.parametrize("size_bytes", [1, 1000, 1001, 5 * 1000])
def test_a_file_in_parts_arrives_whole_whatever_its_last_part_has(repository: Repository, size_bytes: int) -> None:
    draft, content = repository.create_draft(deposit(files=True)), random.Random(size_bytes).randbytes(size_bytes)
    sent = repository.upload(draft, in_parts(content, 1000))
    assert (sent.committed, sent.size_bytes, sent.parts) == (True, size_bytes, 0)
    record = repository.publish(draft)
    assert content_of(repository, record, "a.root") == content


def test_an_upload_in_parts_goes_on_with_the_missing_ones_alone(repository: Repository) -> None:
    draft, content = repository.create_draft(deposit(files=True)), bytes(range(250)) * 20
    assert repository.announce(draft, [in_parts(content, 1000)]) == {}
    arrived: list[int] = []

    def broken(offset: int, size: int) -> AbstractContextManager[Iterator[bytes]]:
        if offset == 3000:
            raise StorageUnavailableError("The source went away.")
        return whole.parts.open(offset, size) if whole.parts else upload_of(b"").open()

    whole = in_parts(content, 1000)
    assert whole.parts is not None
    failing = replace(whole, parts=replace(whole.parts, open=broken, arrived=arrived.append, at_once=1))
    with pytest.raises(StorageUnavailableError, match="went away"):
        repository.upload(draft, failing, announced=True)
    assert arrived == [1, 2, 3]
    (waiting,) = repository.files(draft)
    assert (waiting.committed, waiting.parts) == (False, 5)

    rest: list[int] = []
    rest_of_it = replace(whole, parts=replace(whole.parts, sent=frozenset(arrived), arrived=rest.append))
    assert repository.upload(draft, rest_of_it, announced=True).committed
    assert sorted(rest) == [4, 5]
    assert content_of(repository, repository.publish(draft), "a.root") == content


def test_what_was_committed_in_parts_is_not_sent_again(repository: Repository) -> None:
    draft, upload = repository.create_draft(deposit(files=True)), in_parts(b"parts of it", 4)
    repository.upload(draft, upload)
    puts = repository.spent.requests["PUT"]
    assert repository.upload(draft, upload, announced=True).committed
    assert repository.spent.requests["PUT"] == puts


def test_parts_that_never_came_are_detected_by_the_md5_of_the_whole(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    with pytest.raises(ChecksumMismatchError):
        repository.upload(draft, in_parts(b"parts of it", 4, sent=[2]))
    assert repository.files(draft) == ()


def test_an_empty_file_cannot_come_in_parts_and_comes_in_one_stream(repository: Repository) -> None:
    """InvenioRDM refuses it; the files announced with it come as they were announced."""
    draft, empty = repository.create_draft(deposit(files=True)), in_parts(b"", 4)
    refused = repository.announce(draft, [empty, upload_of(b"bytes", "b.root")])
    assert list(refused) == ["a.root"]
    assert "in parts" in refused["a.root"]
    assert repository.upload(draft, replace(empty, parts=None), announced=True).committed


@pytest.mark.parametrize("transfer", ["F", "R"])
def test_files_by_reference_are_refused_unless_the_repository_allows_their_host(
    repository: Repository, running: RunningRepository, transfer: str
) -> None:
    draft = repository.create_draft(deposit(files=True))
    entry = {"key": "a.root", "transfer": {"type": transfer, "url": "https://opendata.cern.ch/eos/a.root"}}
    url = f"{running.url}/api/records/{draft.record_id}/draft/files"
    answer = httpx.post(url, headers={"Authorization": f"Bearer {running.token}"}, json=[entry], timeout=60)
    assert answer.status_code == 400
    assert "Domain not allowed" in answer.text
    assert repository.files(draft) == ()


def test_a_draft_with_a_file_half_in_parts_is_deleted_with_it(repository: Repository) -> None:
    draft = repository.create_draft(deposit(files=True))
    repository.announce(draft, [in_parts(b"parts of it", 4)])
    repository.delete_draft(draft)
    assert repository.read_draft(draft.record_id) is None
