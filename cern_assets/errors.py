"""Every error of the package, in one tree.

    CernAssetsError
    ├── TransientError                 the record is fine; the same recid can succeed later, so it stays *pending*
    │   ├── SourceUnavailableError       the source did not answer, or answered with a server error
    │   ├── StorageUnavailableError      a store did not answer
    │   ├── RepositoryUnavailableError   the repository did not answer, or answered with a server error
    │   ├── TransferInterruptedError     a stream ended before its last byte
    │   ├── TransferSpoiledError         two readings of a file gave different bytes
    │   ├── WaitingError                 asked for, and it takes its time: neither failed nor done (*waiting*)
    │   │   ├── FileOfflineError           a file is on tape and has to be staged first
    │   │   ├── RecordHeldError            another process is publishing the record
    │   │   └── HeldBackError              a steward holds the recid
    │   ├── StoredFileDamagedError       a file of ours is lost or not what we wrote; it is fetched again
    │   ├── NotFetchedError              the target could not fetch a file by itself; it is sent instead
    │   ├── TargetCopyDamagedError       the target's copy is wrong and ours is whole; it is sent again
    │   ├── RunInterruptedError          somebody ended the run; nothing was learnt about the record
    │   ├── TelemetryLostError           what was done could not be noted; the work itself is not touched
    │   ├── MissingInputError            a stage was asked for before the stages it builds on
    │   ├── StorageFullError             no space left for these bytes; others may be affected
    │   ├── CredentialsRefusedError      a token or key was refused; others may be affected
    │   └── ConfigurationError           a setting is missing or wrong; others may be affected
    └── PermanentError                 this record cannot be carried as it stands, so it is *rejected*
        ├── RecordNotFoundError          the source does not know the recid
        ├── RecordWithdrawnError         the source no longer shows a record it showed before (*withdrawn*)
        ├── RecordAliasError             the recid is another name of a record that has its own (*redirected*)
        ├── LeftOutError                 the collection or a steward says that the recid stays out (*left out*)
        │   └── RejectionAcceptedError     a steward agrees that the record cannot be carried
        ├── RecordRestrictedError        the source shows the record to some people only
        ├── RecordInvalidError           the source's answer cannot be read as a record
        ├── UnsafeNameError              a name could leave its folder or clash with another
        ├── FileMissingError             a listed file is not where the record says it is
        ├── SizeMismatchError            the bytes are not as many as declared
        ├── ChecksumMismatchError        the bytes are not the ones declared
        ├── UnverifiedFileError          nothing vouches for the bytes of a file
        ├── MetadataInvalidError         the deposit breaks a rule of the target; nothing was sent
        ├── ArchiveLimitError            the files fit the target in no allowed form
        ├── DepositRefusedError          the target refused the deposit (4xx)
        ├── RecordClaimedError           another collection brings the record into the same target
        ├── DoiTakenError                another record of the target has the deposit's DOI
        └── PublicationConflictError     the target holds something else under this recid

Whose copy is wrong: `StoredFileDamagedError` ours, `TargetCopyDamagedError` the target's; both heal by running again.
`FileMissingError`, `SizeMismatchError` and `ChecksumMismatchError` blame the source, and only its curators can mend it.

A message says what was tried, what came back, and what to do. The attributes say where: they are counted. Addresses in
them are as they may be shown (`addresses.shown`).
"""

from typing import ClassVar

from cern_assets.addresses import REMOVED, shown

_SHORTEST_SECRET = 8


class CernAssetsError(Exception):
    """Base of all errors; `str()` gives the message with its place and remedy.

    Attributes `recid`, `stage`, `uri`, `field` and `value` are None where unknown; `remedy` is a sentence in the
    imperative.
    """

    may_affect_all: ClassVar[bool] = False
    """True when every other recid of a batch may meet the same error: a batch then checks whether they would."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        recid: str | None = None,
        stage: str | None = None,
        uri: str | None = None,
        field: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(shown(message))
        self.message = shown(message)
        self.remedy = remedy
        self.recid = recid
        self.stage = stage
        self.uri = uri and shown(uri)
        self.field = field
        self.value = value and shown(value)

    @property
    def code(self) -> str:
        """The kind of error as one stable word, e.g. `ChecksumMismatch`."""
        return type(self).__name__.removesuffix("Error")

    def at(self, *, recid: str | None = None, stage: str | None = None) -> "CernAssetsError":
        """Fill in the place where it is still unknown and return self, for `raise error.at(recid=...)`."""
        self.recid = self.recid or recid
        self.stage = self.stage or stage
        return self

    def without(self, secret: str) -> "CernAssetsError":
        """Take a secret out of what is said, as a server may repeat it, and return self.

        One that is shorter than any real token is left, as it is in every other word.
        """
        if len(secret) >= _SHORTEST_SECRET:
            self.message = self.message.replace(secret, REMOVED)
            self.args = (self.message,)
            self.value = self.value and self.value.replace(secret, REMOVED)
        return self

    def __str__(self) -> str:
        named = {"recid": self.recid, "stage": self.stage, "file": self.uri, "field": self.field, "value": self.value}
        place = ", ".join(f"{name} {value}" for name, value in named.items() if value)
        text = f"{self.message} [{place}]" if place else self.message
        return f"{text} {self.remedy}".rstrip()


class TransientError(CernAssetsError):
    """The record is fine: it stays pending and a later run can succeed."""


class SourceUnavailableError(TransientError):
    """The source did not answer, or answered with a server error."""


class StorageUnavailableError(TransientError):
    """A store did not answer."""


class RepositoryUnavailableError(TransientError):
    """The repository did not answer, or answered with a server error."""


class TransferInterruptedError(TransientError):
    """A stream ended before its last byte."""


class TransferSpoiledError(TransientError):
    """Two readings of a file gave different bytes, of which neither are the declared ones."""


class WaitingError(TransientError):
    """What the recid needs was asked for and takes its time; `ticket` names the request, "" if it has no name."""

    def __init__(self, message: str, *, ticket: str = "", remedy: str = "", uri: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy, uri=uri or None, field=field or None)
        self.ticket = ticket


class FileOfflineError(WaitingError):
    """A file is on tape and has to be staged before it can be read."""


class RecordHeldError(WaitingError):
    """Another process is publishing the record, or took that over from this one."""


class HeldBackError(WaitingError):
    """A steward holds the recid until further word."""


class StoredFileDamagedError(TransientError):
    """A file of ours is lost or not what we wrote: our copy is wrong, and nothing is said about the source's."""


class NotFetchedError(TransientError):
    """The repository was asked to fetch a file by itself, and could not."""


class TargetCopyDamagedError(TransientError):
    """The target's copy of a file is wrong, and ours is whole."""


class RunInterruptedError(TransientError):
    """Somebody asked the run to end."""


class TelemetryLostError(TransientError):
    """What was done could not be noted."""


class MissingInputError(TransientError):
    """A stage was asked for before the stages it builds on."""


class StorageFullError(TransientError):
    """No space left on a store."""

    may_affect_all = True


class CredentialsRefusedError(TransientError):
    """A token or key was refused."""

    may_affect_all = True


class ConfigurationError(TransientError):
    """A setting is missing or wrong."""

    may_affect_all = True


class PermanentError(CernAssetsError):
    """The record cannot be carried as it stands."""


class RecordNotFoundError(PermanentError):
    """The source does not know the recid."""


class RecordWithdrawnError(PermanentError):
    """The source no longer shows a record that it showed before."""


class RecordAliasError(PermanentError):
    """The recid is another name of a record that has its own."""


class LeftOutError(PermanentError):
    """The collection or a steward says that the recid stays out, and why."""


class RejectionAcceptedError(LeftOutError):
    """A steward agrees that the record cannot be carried."""


class RecordRestrictedError(PermanentError):
    """The source shows the record to some people only."""


class RecordInvalidError(PermanentError):
    """The source's answer cannot be read as a record."""


class UnsafeNameError(PermanentError):
    """A name from a record could leave its folder, or is no name at all."""


class FileMissingError(PermanentError):
    """A listed file is not where the record says it is."""


class SizeMismatchError(PermanentError):
    """The bytes are not as many as declared."""


class ChecksumMismatchError(PermanentError):
    """The bytes are not the ones declared in `value`; `found` is the checksum that they have."""

    def __init__(
        self, message: str, *, found: str = "", uri: str = "", field: str = "", value: str = "", remedy: str = ""
    ) -> None:
        super().__init__(message, uri=uri or None, field=field or None, value=value or None, remedy=remedy)
        self.found = found


class UnverifiedFileError(PermanentError):
    """Nothing vouches for the bytes of a file, and the collection does not accept that."""


class MetadataInvalidError(PermanentError):
    """The deposit breaks a rule of the target; nothing was sent."""


class ArchiveLimitError(PermanentError):
    """The files fit the target in no allowed form."""


class DepositRefusedError(PermanentError):
    """The target refused the deposit."""


class PublicationConflictError(PermanentError):
    """The target holds something else under this recid."""


class DoiTakenError(PermanentError):
    """Another record of the target has the deposit's DOI."""


class RecordClaimedError(PermanentError):
    """Another collection brings the record into the same repository."""
