"""The crosswalk of CERN Open Data for each profile: what a target of that profile is sent."""

from collections.abc import Mapping
from dataclasses import replace

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.custom_fields import declared_text
from cern_assets.model.collections import Profile
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.sources.opendata.custom_fields import ROWS

CROSSWALKS: Mapping[Profile, Crosswalk] = {
    "plain": CROSSWALK,
    "bibliographic": CROSSWALK,
    "cern": replace(CROSSWALK, rows=(*CROSSWALK.rows, *ROWS), data=(declared_text(),)),
}
