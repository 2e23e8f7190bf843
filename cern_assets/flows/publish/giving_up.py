"""Giving up a draft that may lie before a community."""

from cern_assets.errors import DepositRefusedError
from cern_assets.model.publications import Draft
from cern_assets.ports import Repository


def give_up(repository: Repository, draft: Draft) -> None:
    """Delete a draft; where a community is asked to take it, that is taken back first, as InvenioRDM wants it.

    Whether it is asked for is looked at only where the draft is not deleted otherwise.

    Raises:
        DepositRefusedError: it is not deleted.
    """
    try:
        repository.delete_draft(draft)
    except DepositRefusedError:
        review = repository.review(draft)
        if review is None or review.status != "waiting":
            raise
        repository.cancel(review.request_id)
        repository.delete_draft(draft)
