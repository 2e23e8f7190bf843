"""What a repository holds: records, files, and our receipt for a published recid."""

from typing import Literal

from cern_assets.model.checksums import Checksum
from cern_assets.model.values import JsonObject, Value


class RemoteFile(Value):
    """A file in a repository's draft or record. `size_bytes` and `checksum` are None until it is committed."""

    key: str
    size_bytes: int | None
    checksum: Checksum | None
    committed: bool


class RemoteRecord(Value):
    """A draft or a published record of a repository.

    `record_id` is the repository's id (the same for a draft and the record it becomes), `payload` the record JSON as
    the repository answers it, `problems` what it says is wrong with a draft (`field: message`).
    """

    record_id: str
    parent_id: str
    state: Literal["draft", "published"]
    version_index: int
    url: str
    payload: JsonObject
    problems: tuple[str, ...] = ()


class Receipt(Value):
    """How far the publication of a recid got in one repository.

    Written as `draft` before any byte moves, so that a second attempt goes on with the same draft; as `published`
    after the repository's copy was compared with ours. `files` says what was compared.
    """

    repository: str
    state: Literal["draft", "published"]
    record_id: str
    url: str
    version_index: int
    files: tuple[RemoteFile, ...] = ()
