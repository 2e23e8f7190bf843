"""What nrp-cmd raises, told as errors of this package."""

from collections.abc import Iterator, Mapping

from nrp_cmd.errors import RepositoryClientError, RepositoryJSONError

from cern_assets.errors import (
    CernAssetsError,
    CredentialsRefusedError,
    DepositRefusedError,
    RepositoryUnavailableError,
)

_LONGEST = 1500


def refused(error: RepositoryClientError, *, request: str, status: int) -> CernAssetsError:
    """The error for an answer of 400 to 499, with the repository's own words on each field."""
    body: object = error.json  # whatever JSON was answered
    return refusal(body if isinstance(body, Mapping) else {}, request=request, status=status)


def refusal(body: Mapping[str, object], *, request: str, status: int) -> CernAssetsError:
    """As `refused`, from the body of the answer."""
    said = str(body.get("message") or body.get("reason") or "no reason given").strip()
    if status in (401, 403):
        return CredentialsRefusedError(
            f"The repository refused the token for {request} ({status}: {said[:200]}).",
            remedy="Set CERN_ASSETS_REPOSITORY_TOKEN to a token of a depositor who may do this.",
        )
    found = tuple(field_errors(body))
    words = " ".join((said, *(f"{field}: {message}" if field else message for field, message in found)))
    return DepositRefusedError(
        f"The repository refused {request} ({status}): {words[:_LONGEST]}",
        field=found[0][0] if found else None,
        remedy="Correct the deposit.",
    )


def unavailable(error: Exception, *, request: str, attempts: int) -> RepositoryUnavailableError:
    """The error for no usable answer: no connection, a server error, a broken answer, too many requests."""
    said = str(error.json if isinstance(error, RepositoryJSONError) else error)[:300]
    return RepositoryUnavailableError(
        f"The repository gave no usable answer to {request} ({attempts} attempts; {type(error).__name__}: {said}).",
        remedy="Check CERN_ASSETS_REPOSITORY_URL and that the repository runs; then try again.",
    )


def field_errors(body: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The entries of an InvenioRDM answer's `errors` as (field, message)."""
    entries = body.get("errors")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping):
            messages = entry.get("messages", entry.get("message"))  # the latter, of a community that was not asked
            for message in _whole(messages) if isinstance(messages, list) else [messages]:
                yield str(entry.get("field", "")), str(message)


def _whole(messages: list[object]) -> list[object]:
    """Messages as they were meant: of a message that a field of InvenioRDM states alone, it answers the letters."""
    letters = len(messages) > 1 and all(isinstance(message, str) and len(message) == 1 for message in messages)
    return ["".join(map(str, messages))] if letters else messages
