"""What a source lists of its records, short of the records themselves."""

from collections.abc import Mapping

from cern_assets.model.records import RecordSummary
from cern_assets.model.values import Value


class Slice(Value):
    """A part of a search that the source can show whole: facets that narrow it, and how many hits it has."""

    facets: Mapping[str, str]
    total: int


class SearchPlan(Value):
    """A search as slices; a record may be in several of them. `total` counts the hits of the whole, each once."""

    total: int
    slices: tuple[Slice, ...]


class Hits(Value):
    """All hits of a slice: records, and the source's ids of what is none, or cannot be read as one."""

    records: tuple[RecordSummary, ...]
    others: tuple[str, ...] = ()
