"""Collections: what is brought in, from which source and into which target, under one name."""

from typing import Literal

from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.values import Value

Visibility = Literal["public", "restricted"]


class Access(Value):
    """Who may see a published record and its files: everybody, or those whom the repository lets in."""

    record: Visibility = "public"
    files: Visibility = "public"


class Collection(Value):
    """A set of a source's records that is brought into one target in one way.

    `name` stands in asset keys, partitions, paths and events; a source's default collection bears the source's name.
    `target` names a repository of the settings, `limits` says what it takes. With `always_zip`, a record's files go up
    packed even where the target would take them as they are. With a `community` (slug or id in the target), a record is
    published through it.
    """

    name: str
    source: str
    target: str
    limits: ArchiveLimits
    always_zip: bool = False
    access: Access = Access()
    community: str | None = None
