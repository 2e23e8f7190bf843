"""Documents: what a stage leaves behind for one recid, with the hash of what it was made of."""

from pydantic import SerializeAsAny

from cern_assets.model.identifiers import Recid
from cern_assets.model.records import Answer
from cern_assets.model.values import Value


class Document[Body: Value](Value):
    """A stage's result.

    `input_hash` covers what it was made of: the parts of the documents before it that its stage depends on, and the
    version of the rules that made it. If it is equal, there is nothing to do. `content_hash` covers `body`. `etag` is
    the source's validator of a raw record, and `answer` what the source sent; they are outside the body, as a new ETag
    alone changes nothing. `repository` is the address of the target, for people who look at many.

    A document is always a result: what is under way stands in the journal. One that no stage made, but somebody's own
    asset, has no `input_hash`.
    """

    collection: str
    source: str
    repository: str = ""
    stage: str
    recid: Recid
    input_hash: str | None
    content_hash: str
    body: SerializeAsAny[Body]
    etag: str | None = None
    answer: Answer | None = None
