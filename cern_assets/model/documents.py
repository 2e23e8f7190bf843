"""Documents: what a stage leaves behind for one recid, with the hash of what it was made of."""

from pydantic import SerializeAsAny

from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Value


class Document[Body: Value](Value):
    """A stage's result.

    `input_hash` covers the documents before it and the version of the rules that made it: if it is equal, there is
    nothing to do. `content_hash` covers `body` and is what later stages build on. `etag` is the source's validator of
    a raw record; it is outside the body, as a new ETag alone changes nothing. `repository` is the
    address of the target, for people who look at many.
    """

    collection: str
    source: str
    repository: str = ""
    stage: str
    recid: Recid
    input_hash: str
    content_hash: str
    body: SerializeAsAny[Body]
    etag: str | None = None
