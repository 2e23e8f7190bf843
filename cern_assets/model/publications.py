"""What a repository holds: records, files, and our receipt for a published recid."""

from collections.abc import Mapping
from typing import Literal

from cern_assets.model.checksums import Checksum
from cern_assets.model.findings import Finding
from cern_assets.model.values import JsonObject, Value


class RemoteFile(Value):
    """A file in a repository's draft or record. `size_bytes` and `checksum` are None until it is committed.

    The checksum of one that came in parts may be None for a while after that. `parts` is how many parts are awaited of
    one that was announced so, 0 for all others; `fetching` for one that the repository still fetches by itself.
    """

    key: str
    size_bytes: int | None
    checksum: Checksum | None
    committed: bool
    parts: int = 0
    fetching: bool = False


class FileWay(Value):
    """How a file's bytes went into a repository, by InvenioRDM's names: `L` in one stream, `M` in parts, `F` fetched.

    `reason` is why so.
    """

    key: str
    transfer: str
    reason: str


class Draft(Value):
    """A draft of a repository: nobody but its depositor sees it.

    `record_id` is the repository's id, which the published record keeps; `payload` the JSON as the repository answers
    it, `problems` what it says is wrong with it (`field: message`). `is_edit` for a draft of a record that is published
    already, whose files cannot be changed; `in_community` for one of a record that a community has taken.
    """

    state: Literal["draft"] = "draft"
    record_id: str
    parent_id: str
    version_index: int
    url: str
    payload: JsonObject
    problems: tuple[str, ...] = ()
    is_edit: bool = False
    in_community: bool = False


class Published(Value):
    """A published record of a repository; `payload` is its JSON as the repository answers it.

    `files` are those that the answer carries; None where it says nothing of them, as of restricted ones in a search.
    `owner` is the id of the user who owns it, empty where the repository does not tell; `communities` are the ids and,
    where they are told, the slugs of those that have taken it.
    """

    state: Literal["published"] = "published"
    record_id: str
    parent_id: str
    version_index: int
    url: str
    payload: JsonObject
    files: tuple[RemoteFile, ...] | None = None
    owner: str = ""
    communities: tuple[str, ...] = ()

    def has_identifier(self, identifier: str) -> bool:
        """Whether `metadata.identifiers` has exactly this identifier, of whatever scheme."""
        return identifier in stated_identifiers(self.payload)


def stated_identifiers(payload: JsonObject) -> tuple[str, ...]:
    """The identifiers that `metadata.identifiers` of a record has, in order; nothing where it is no such list."""
    metadata = payload.get("metadata")
    entries = metadata.get("identifiers") if isinstance(metadata, Mapping) else None
    stated = (
        [entry.get("identifier") for entry in entries if isinstance(entry, Mapping)]
        if isinstance(entries, list)
        else []
    )
    return tuple(each for each in stated if isinstance(each, str))


RemoteRecord = Draft | Published
"""Either; what can be done with one cannot be done with the other."""


class Sought(Value):
    """What a repository holds under an identifier: of its depositor, and published records of other users.

    `sharing` are published records of whatever owner that have the DOI that was asked for, and not the identifier.

    An identifier is no secret, and anybody may write it into a record: what others own proves nothing.
    """

    own: tuple[RemoteRecord, ...]
    others: tuple[Published, ...] = ()
    sharing: tuple[Published, ...] = ()


class Review(Value):
    """A request to a community to take a draft: once it is accepted, the draft is published.

    `unsent` was prepared and not submitted; `waiting` for somebody of the community.
    """

    request_id: str
    status: Literal["unsent", "waiting", "accepted", "refused"]


class HeldTerms(Value):
    """A vocabulary of a repository: `total` terms, of which the `newest` was made on that day ("" where unknown).

    `ids` are all of them, None where there are more than the repository lists.
    """

    total: int
    newest: str
    ids: frozenset[str] | None


class Spent(Value):
    """What a repository was asked: requests by method, repeated ones too, and the keys of files that were sent."""

    requests: Mapping[str, int]
    sent: tuple[str, ...]

    @property
    def writes(self) -> int:
        """Requests that may have changed something."""
        return sum(count for method, count in self.requests.items() if method not in ("GET", "HEAD"))


class Receipt(Value):
    """The proof that a recid is published in one repository, written after its copy was compared with ours.

    `files` says what was compared, `ways` how those of them that were sent went there, `content` (a hash) of which
    archives these are. `findings` tell what else the
    repository holds that somebody should look at. `look_until` (seconds since 1970) is set where a draft was asked for
    and its answer was lost: as long as it may still come up, it is looked for.
    """

    repository: str
    record_id: str
    url: str
    version_index: int
    files: tuple[RemoteFile, ...] = ()
    ways: tuple[FileWay, ...] = ()
    content: str = ""
    findings: tuple[Finding, ...] = ()
    look_until: float | None = None
