"""Absences: since when a source does not know a record that it showed before."""

from cern_assets.model.values import Value


class Absence(Value):
    """`since` is when it was first missed, in seconds since 1970 (UTC); None once it was seen again."""

    since: float | None
