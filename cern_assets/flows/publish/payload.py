"""The deposit as it is sent for a version of a record."""

from collections.abc import Mapping

from cern_assets.model.values import JsonObject


def payload_of(deposit: JsonObject, version_index: int) -> JsonObject:
    """The deposit for a version. A DOI names one version only: later ones carry it among their identifiers."""
    doi = _doi(deposit)
    if version_index <= 1 or doi is None:
        return deposit
    metadata = deposit["metadata"]
    assert isinstance(metadata, Mapping)
    identifiers = metadata.get("identifiers")
    known = identifiers if isinstance(identifiers, list) else []
    pids = {scheme: pid for scheme, pid in _pids(deposit).items() if scheme != "doi"}
    return {
        **deposit,
        "pids": pids,
        "metadata": {**metadata, "identifiers": [*known, {"scheme": "doi", "identifier": doi}]},
    }


def _doi(deposit: JsonObject) -> str | None:
    doi = _pids(deposit).get("doi")
    return str(doi["identifier"]) if isinstance(doi, Mapping) else None


def _pids(deposit: JsonObject) -> JsonObject:
    pids = deposit.get("pids")
    return pids if isinstance(pids, Mapping) else {}
