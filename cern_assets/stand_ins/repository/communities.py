"""Communities, and the requests by which drafts come into them, as far as depositors and their owners meet them."""

import math
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.records import Records
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError, denied, invalid
from cern_assets.stand_ins.repository.tables import communities_of, read_version, write_request_status

_POLICIES = ("open", "closed", "members")
_OPEN_REQUEST = "submitted"
_ANSWERS = {"accept": "accepted", "decline": "declined", "cancel": "cancelled"}


@dataclass(frozen=True)
class Community:
    """A community; with the policy `open`, its owner's records need no review."""

    id: str
    slug: str
    title: str
    policy: str
    owner: str


@dataclass(frozen=True)
class Request:
    """A request to a community to take a draft, or a record that is `published`."""

    id: str
    record_id: str
    community_id: str
    status: str
    published: bool = False


class Communities:
    """What users can do with communities."""

    def __init__(self, database: Database, records: Records) -> None:
        self._database = database
        self._records = records

    def create(self, payload: object, *, owner: str) -> Community:
        """Make a user's community of its slug, title and review policy (`closed` unless told)."""
        given = payload if isinstance(payload, Mapping) else {}
        slug, title = given.get("slug"), _inner(given, "metadata").get("title")
        policy = _inner(given, "access").get("review_policy", "closed")
        if not isinstance(slug, str) or not slug or not isinstance(title, str) or not title:
            raise invalid(FieldError("slug", "Missing data for required field."))
        if policy not in _POLICIES:
            raise invalid(FieldError("access.review_policy", f"Must be one of: {', '.join(_POLICIES)}."))
        community = Community(str(uuid4()), slug, title, str(policy), owner)
        with self._database.writing() as connection:
            if _find(connection, slug) is not None:
                raise RefusedError(400, "A community with this identifier already exists.")
            values = (community.id, community.slug, community.title, community.policy, owner)
            connection.execute("INSERT INTO community VALUES (?, ?, ?, ?, ?)", values)
        return community

    def read(self, name: str) -> Community:
        """A community by its slug or id."""
        with self._database.reading() as connection:
            community = _find(connection, name)
        if community is None:
            raise RefusedError(404, "The persistent identifier does not exist.")
        return community

    def prepare(self, record_id: str, payload: object) -> Request:
        """Say to which community a draft is to go."""
        given = payload if isinstance(payload, Mapping) else {}
        receiver = _inner(given, "receiver").get("community")
        with self._database.writing() as connection:
            _first_draft(connection, record_id)
            community = _find(connection, str(receiver))
            if community is None or given.get("type") != "community-submission":
                raise invalid(FieldError("receiver", "The entity does not exist."))
            known = review_of(connection, record_id)
            if known is not None and known.status == _OPEN_REQUEST:
                raise RefusedError(400, "You cannot update a review for a draft with an open review.")
            request = Request(str(uuid4()), record_id, community.id, "created")
            values = (request.id, request.record_id, request.community_id, request.status)
            connection.execute("DELETE FROM request WHERE record_id = ?", (record_id,))
            connection.execute("INSERT INTO request VALUES (?, ?, ?, ?)", values)
        return request

    def review(self, record_id: str) -> Request:
        """The request of a draft."""
        with self._database.reading() as connection:
            version = read_version(connection, record_id)
            request = review_of(connection, record_id)
        if version is None or version.draft is None or request is None:
            raise RefusedError(404, "Review not found.")
        return request

    def request(self, request_id: str) -> Request:
        """A request by its id."""
        with self._database.reading() as connection:
            both = (
                "SELECT id, record_id, community_id, status, 0 FROM request WHERE id = :id UNION ALL "
                "SELECT id, record_id, community_id, status, 1 FROM inclusion WHERE id = :id"
            )
            row = connection.execute(both, {"id": request_id}).fetchone()
        if row is None:
            raise RefusedError(404, "The request does not exist.")
        *told, published = row
        return replace(Request(*told), published=bool(published))

    def requests_of(self, record_id: str, *, created_until: float | None = None) -> tuple[Request, ...]:
        """The requests about a published record, the latest first, those of a time (seconds since 1970) and before."""
        until = math.inf if created_until is None else created_until
        with self._database.reading() as connection:
            statement = (
                "SELECT id, record_id, community_id, status FROM inclusion "
                "WHERE record_id = ? AND created <= ? ORDER BY created DESC"
            )
            rows = connection.execute(statement, (record_id, until)).fetchall()
        return tuple(replace(Request(*row), published=True) for row in rows)

    def submit(self, record_id: str, host: str, *, user: str) -> Request:
        """Submit the request of a draft; that of the community's owner is accepted where the policy is `open`."""
        request = self.review(record_id)
        if request.status == _OPEN_REQUEST:
            raise RefusedError(400, "The review is already open.")
        self._records.refuse_unfit(record_id)
        community = self.read(request.community_id)
        if community.policy == "open" and community.owner == user:
            return self._accepted(request, host)
        return self._noted(request, _OPEN_REQUEST)

    def include(self, record_id: str, name: str, *, user: str) -> Request:
        """Ask a community to take a published record; that of its owner is accepted where the policy is `open`.

        Raises:
            RefusedError: 400, as InvenioRDM says it of one community.
        """
        with self._database.writing() as connection:
            version = read_version(connection, record_id)
            if version is None or version.published is None:
                raise RefusedError(404, "The persistent identifier does not exist.")
            community = _find(connection, name)
            if community is None:
                raise RefusedError(400, "Community not found.")
            if community.id in communities_of(connection, version.parent_id):
                raise RefusedError(400, "The record is already included in this community.")
            open_one = "SELECT 1 FROM inclusion WHERE record_id = ? AND community_id = ? AND status = 'submitted'"
            if connection.execute(open_one, (record_id, community.id)).fetchone():
                raise RefusedError(400, "There is already an open inclusion request for this community.")
            status = "accepted" if community.policy == "open" and community.owner == user else _OPEN_REQUEST
            request = Request(str(uuid4()), record_id, community.id, status, published=True)
            values = (request.id, request.record_id, request.community_id, request.status, time.time())
            connection.execute("INSERT INTO inclusion VALUES (?, ?, ?, ?, ?)", values)
        return request

    def answer(self, request_id: str, action: str, host: str, *, user: str) -> Request:
        """Accept or decline a request, which the community's owner may, or cancel it, which may who made it.

        Accepting publishes the draft.
        """
        request = self.request(request_id)
        with self._database.reading() as connection:
            version = read_version(connection, request.record_id)
        asker = None if version is None else version.owner
        if user != (asker if action == "cancel" else self.read(request.community_id).owner):
            raise denied()
        if request.status != _OPEN_REQUEST or action not in _ANSWERS:
            raise RefusedError(400, f"The action {action} is not possible.")
        return self._accepted(request, host) if action == "accept" else self._noted(request, _ANSWERS[action])

    def _accepted(self, request: Request, host: str) -> Request:
        if request.published:
            return self._noted(request, "accepted")
        self._records.publish(request.record_id, host, accepted_request=request.id)
        return replace(request, status="accepted")

    def _noted(self, request: Request, status: str) -> Request:
        with self._database.writing() as connection:
            write_request_status(connection, request.id, status)
        return replace(request, status=status)


def review_of(connection: sqlite3.Connection, record_id: str) -> Request | None:
    """The request of a record, whatever became of it."""
    row = connection.execute("SELECT * FROM request WHERE record_id = ?", (record_id,)).fetchone()
    return None if row is None else Request(*row)


def _find(connection: sqlite3.Connection, name: str) -> Community | None:
    row = connection.execute("SELECT * FROM community WHERE slug = ? OR id = ?", (name, name)).fetchone()
    return None if row is None else Community(*row)


def _first_draft(connection: sqlite3.Connection, record_id: str) -> None:
    version = read_version(connection, record_id)
    if version is None or version.draft is None:
        raise RefusedError(404, "The persistent identifier does not exist.")
    if version.published is not None or version.index > 1:
        raise RefusedError(400, "You cannot create a review for an already published record.")


def _inner(given: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = given.get(name)
    return value if isinstance(value, Mapping) else {}
