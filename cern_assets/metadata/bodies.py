"""One spelling for bodies that records name in several: collaborations, publishers, accelerators.

The spellings are data (`vocabularies/bodies.yaml`), each with its source and the date when it was looked up.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cern_assets.metadata.terms import vocabulary


def preferred(name: str) -> str:
    """The one spelling of a body, or the name itself where no other is known."""
    return _spellings().get(name.casefold(), name)


def ror_of(name: str) -> str | None:
    """The ROR id (bare) of a body by any of its spellings, None where it has none here."""
    return _rors().get(name.casefold()) or vocabulary("affiliations").find(name)


@cache
def bodies_text() -> str:
    """The data, for whoever has to know when it changed."""
    return files("cern_assets.metadata").joinpath("vocabularies", "bodies.yaml").read_text(encoding="utf-8")


@cache
def _spellings() -> Mapping[str, str]:
    return {spelling.casefold(): body["name"] for body in _bodies() for spelling in (body["name"], *body["also"])}


@cache
def _rors() -> Mapping[str, str]:
    known = (body for body in _bodies() if "ror" in body)
    return {spelling.casefold(): body["ror"] for body in known for spelling in (body["name"], *body["also"])}


@cache
def _bodies() -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = yaml.safe_load(bodies_text())
    return found
