"""The deposit as it is sent for a version of a record."""

from collections.abc import Mapping
from datetime import UTC, datetime

from cern_assets.model.values import Json, JsonObject


def payload_of(deposit: JsonObject, version_index: int, *, today: str | None = None) -> JsonObject:
    """The deposit for a version, as of a day (`2026-11-25`).

    A DOI names one version only: later ones carry it among their identifiers. An embargo that is over has been lifted
    by the repository, which then shows all, so that it is not sent any more.
    """
    deposit = _without_past_embargo(deposit, today or datetime.now(UTC).date().isoformat())
    doi = doi_of(deposit)
    if version_index <= 1 or doi is None:
        return deposit
    return doi_among_identifiers(deposit)


def doi_among_identifiers(deposit: JsonObject) -> JsonObject:
    """The deposit with its DOI, if it has one, as an identifier among others and not as the record's own."""
    doi, metadata = doi_of(deposit), deposit.get("metadata")
    if doi is None or not isinstance(metadata, Mapping):
        return deposit
    identifiers = metadata.get("identifiers")
    known = identifiers if isinstance(identifiers, list) else []
    entry: Json = {"scheme": "doi", "identifier": doi}
    return {
        **deposit,
        "pids": {scheme: pid for scheme, pid in _pids(deposit).items() if scheme != "doi"},
        "metadata": {**metadata, "identifiers": known if entry in known else [*known, entry]},
    }


def _without_past_embargo(deposit: JsonObject, today: str) -> JsonObject:
    access = deposit.get("access")
    embargo = access.get("embargo") if isinstance(access, Mapping) else None
    if not isinstance(access, Mapping) or not isinstance(embargo, Mapping) or not embargo.get("active"):
        return deposit
    if str(embargo.get("until", "")) > today:
        return deposit
    rest = {name: value for name, value in access.items() if name != "embargo"}
    return {**deposit, "access": {**rest, "record": "public", "files": "public"}}


def doi_of(deposit: JsonObject) -> str | None:
    """The record's own DOI, None if it has none."""
    doi = _pids(deposit).get("doi")
    return str(doi["identifier"]) if isinstance(doi, Mapping) else None


def _pids(deposit: JsonObject) -> JsonObject:
    pids = deposit.get("pids")
    return pids if isinstance(pids, Mapping) else {}
