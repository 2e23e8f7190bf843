"""Collections: what is brought in, from which source and into which target, under one name."""

from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.values import Value


class Collection(Value):
    """A set of a source's records that is brought into one target in one way.

    `name` stands in asset keys, partitions, paths and events; a source's default collection bears the source's name.
    `target` names a repository of the settings, `limits` says what it takes.
    """

    name: str
    source: str
    target: str
    limits: ArchiveLimits
