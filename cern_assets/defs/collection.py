"""A collection as a Dagster component: what `dg` scaffolds, checks and lists, in any Dagster project."""

from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster.components.core.context import ComponentDeclLoadContext
from dagster.components.scaffold.scaffold import NoParams
from pydantic import BaseModel

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.pipeline import build_collection
from cern_assets.defs.resources import PortsResource
from cern_assets.settings import load_settings
from cern_assets.wiring import source_parts


class RecordCollectionScaffolder(dg.Scaffolder[NoParams]):
    """Writes a collection's file with what most of them say."""

    def scaffold(self, request: dg.ScaffoldRequest[NoParams]) -> None:
        """A `defs.yaml` for CERN Open Data into the default target."""
        dg.scaffold_component(request, {"source": "opendata", "selection": {"recids": []}})


@dg.scaffold_with(RecordCollectionScaffolder)
class RecordCollection(dg.Component):
    """Records of a CERN system, brought into an InvenioRDM repository: five assets, partitioned by recid.

    Addresses and tokens are the machine's: see `.env.example` of the package.
    """

    def __init__(self, spec: CollectionSpec) -> None:
        self.spec = spec

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The attributes of a collection's file."""
        return CollectionSpec

    @classmethod
    def load(cls, attributes: Any, context: dg.ComponentLoadContext | ComponentDeclLoadContext) -> "RecordCollection":
        """From the attributes of a file; the collection bears the name of the file's folder where it says none."""
        assert isinstance(attributes, CollectionSpec)
        folder = Path(context.path)
        named = attributes.placed(folder.name, folder)
        spec = CollectionSpec.model_validate(named.model_dump())  # the name may be the folder's
        source_parts(spec.source)
        return cls(spec)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002  Dagster's signature
        """The five assets, their job, and the resources that they share with all other collections."""
        return dg.Definitions.merge(
            dg.Definitions(resources=shared_resources()),
            build_collection(self.spec, batch_size=load_settings().batch_size),
        )


@cache
def shared_resources() -> dict[str, object]:
    """The same objects for every collection: Dagster merges definitions only where they are."""
    return {"ports": PortsResource(), "documents": DocumentsIOManager()}
