"""What nrp-cmd's records client is given, and what it gives back."""

from nrp_cmd.converter import converter
from nrp_cmd.types.info import RepositoryInfo, RepositoryInfoLinks
from nrp_cmd.types.records import Record
from nrp_cmd.types.requests import Request
from yarl import URL

from cern_assets.errors import DepositRefusedError
from cern_assets.model.values import JsonObject


def given_info(base: URL) -> RepositoryInfo:
    """What it would discover by asking."""
    return RepositoryInfo(
        schema="local://repository-info-v1.0.0.json",
        name=str(base),
        description="",
        version="",
        invenio_version="",
        links=RepositoryInfoLinks(self_=base, records=base / "api" / "records", requests=base / "api" / "requests"),
    )


def nrp_record(body: JsonObject) -> Record:
    """nrp-cmd's record; it looks for open requests, which plain InvenioRDM does not list."""
    expanded = body.get("expanded")
    with_requests = {"requests": [], **(expanded if isinstance(expanded, dict) else {})}
    record: Record = converter.structure({**body, "expanded": with_requests}, Record)
    return record


def accepted(result: Record | Request, asked: str) -> Record:
    """The record, if no request stands between.

    Raises:
        DepositRefusedError: somebody has to accept one.
    """
    if isinstance(result, Request):
        raise DepositRefusedError(
            f"The repository opened a request for the {asked}, which is {result.status}.",
            remedy="Somebody has to accept it there; then run again.",
        )
    return result
