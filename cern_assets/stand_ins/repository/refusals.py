"""What the server refuses, as InvenioRDM words it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field, named like `metadata.creators.0.role`; `drops` if its value is not stored."""

    field: str
    message: str
    drops: bool = False

    def as_json(self) -> dict[str, object]:
        """The form of an entry of `errors`."""
        return {"field": self.field, "messages": [self.message]}


class RefusedError(Exception):
    """A request that is answered with 4xx."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: tuple[FieldError, ...] = (),
        tombstone: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.tombstone = tombstone
        self.status = status
        self.message = message
        self.errors = errors

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"status": self.status, "message": self.message}
        if self.tombstone is not None:
            body["tombstone"] = dict(self.tombstone)
        return {**body, "errors": [error.as_json() for error in self.errors]} if self.errors else body


def invalid(*errors: FieldError) -> RefusedError:
    """400 with what is wrong, field by field."""
    return RefusedError(400, "A validation error occurred.", errors)


def missing_record() -> RefusedError:
    """404: no such record or draft."""
    return RefusedError(404, "The persistent identifier does not exist.")


def missing_file(key: str) -> RefusedError:
    """404: no such file in the record."""
    return RefusedError(404, f'Record has no file "{key}".')


def denied() -> RefusedError:
    """403: the token, or the lack of one, does not allow this."""
    return RefusedError(403, "Permission denied.")
