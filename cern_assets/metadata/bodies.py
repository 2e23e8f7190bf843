"""One spelling for bodies that records name in several: collaborations, publishers, accelerators.

The spellings are data (`vocabularies/bodies.yaml`), each with its source and the date when it was looked up.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml


def preferred(name: str) -> str:
    """The one spelling of a body, or the name itself where no other is known."""
    return _spellings().get(name.casefold(), name)


@cache
def bodies_text() -> str:
    """The data, for whoever has to know when it changed."""
    return files("cern_assets.metadata").joinpath("vocabularies", "bodies.yaml").read_text(encoding="utf-8")


@cache
def _spellings() -> Mapping[str, str]:
    known = yaml.safe_load(bodies_text())
    return {spelling.casefold(): body["name"] for body in known for spelling in (body["name"], *body["also"])}
