"""Resources: the settings in Dagster's way, and the ports they lead to."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import dagster as dg
from pydantic import Field

from cern_assets.collections.spec import CollectionSpec
from cern_assets.flows.cancellation import Cancellation
from cern_assets.flows.stages import Context
from cern_assets.settings import Settings, load_settings
from cern_assets.wiring import opened_context


class PortsOpener(Protocol):
    """What the assets ask of their `ports` resource."""

    def opened(self, spec: CollectionSpec) -> AbstractContextManager[Context]:
        """The ports of a collection for the length of a block."""


class PortsResource(dg.ConfigurableResource[None]):
    """Hands out the ports of a collection, built from the environment (see `.env.example`).

    A field that is set here, in the launchpad for instance, wins over the environment for that run. Addresses are not
    among them: whoever may start a run could have a token sent to a host of their choice.
    """

    workers: int | None = Field(default=None, description="Recids handled at the same time.")

    @contextmanager
    def opened(self, spec: CollectionSpec) -> Iterator[Context]:
        """The ports of a collection for the length of a block."""
        overrides = {name: value for name, value in self.model_dump().items() if value is not None}
        with opened_context(load_settings(**overrides), spec) as context:
            yield context


@dataclass(frozen=True)
class ConfiguredPorts:
    """The same for commands, which have their settings already, and may end all recids early."""

    settings: Settings
    cancellation: Cancellation = field(default_factory=Cancellation)

    @contextmanager
    def opened(self, spec: CollectionSpec) -> Iterator[Context]:
        """The ports of a collection for the length of a block."""
        with opened_context(self.settings, spec, self.cancellation) as context:
            yield context
