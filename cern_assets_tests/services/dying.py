"""A repository whose worker dies at the worst moments."""

from cern_assets.model.publications import Draft, Published
from cern_assets.model.values import JsonObject
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets_tests.chaos.mortal import Killed
from cern_assets_tests.services.world import World


class DyingRepository(NrpRepository):
    """The repository of a world, whose worker dies after it published.

    Unless it `writes`, it dies before it changes a draft, too.
    """

    def __init__(self, world: World, *, writes: bool = False) -> None:
        self._writes = writes
        super().__init__(world.context.adapters.repository.url, world.token, attempts=2, timeout_seconds=30)

    def publish(self, draft: Draft) -> Published:
        """Publish, and die."""
        super().publish(draft)
        raise Killed

    def update_draft(self, record_id: str, payload: JsonObject) -> Draft:
        """Write, or die."""
        if not self._writes:
            raise Killed
        return super().update_draft(record_id, payload)
