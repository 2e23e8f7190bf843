"""A steward's word about one recid."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from cern_assets.model.values import Value

type Choice = Literal["accept", "leave_out", "hold"]
type _Said = Annotated[str, Field(min_length=1, max_length=2000)]


class StewardDecision(Value):
    """What was decided, by whom, when and why.

    `accept`: the rejection is right, the record is not carried. `leave_out`: the record stays out, whatever it says.
    `hold`: the record is not touched until the word is taken back.
    """

    choice: Choice
    by: _Said
    when: dt.date
    why: _Said

    def __str__(self) -> str:
        return f"{self.by}, {self.when.isoformat()}: {self.why}"
