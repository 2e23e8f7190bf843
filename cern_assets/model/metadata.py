"""Deposits: the InvenioRDM record JSON made of one source record, and what became of each of its fields."""

from typing import Literal

from cern_assets.model.collections import LicenceDefault
from cern_assets.model.curation import Curation
from cern_assets.model.findings import Finding
from cern_assets.model.values import JsonObject, Value

Fate = Literal["carried", "derived", "dropped", "unmapped"]


class LeafFate(Value):
    """What became of one leaf of the source metadata.

    `path` has list positions as `[]` (`authors[].name`), `leaves` says how many leaves of the record share it,
    `target` names the fields of the deposit that hold it (`carried`), or what follows from it and not its own words
    (`derived`: an entry of a vocabulary), `reason` says why it was `dropped`; an `unmapped` one stands in no row.
    """

    path: str
    leaves: int
    fate: Fate
    target: str = ""
    reason: str = ""


class Metadata(Value):
    """The payload to send, with its findings and the fate of every leaf.

    `checked_with` names the schemas that it was validated with, each by its id and version; empty before that.
    `licence_default` is the decision of the collection that stands for a licence, None where the record states one.
    `rors` are ROR ids that the record states for names of affiliations; whether the target takes them, only it can say.
    `curation` is what people corrected in the payload, None where nobody did. `communities` are those of the target
    that stand for the record's own at the source, by slug or id.
    """

    payload: JsonObject
    fates: tuple[LeafFate, ...]
    findings: tuple[Finding, ...]
    checked_with: tuple[str, ...] = ()
    rors: tuple[tuple[str, str], ...] = ()
    licence_default: LicenceDefault | None = None
    curation: Curation | None = None
    communities: tuple[str, ...] = ()
