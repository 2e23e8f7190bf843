"""Content without the values that InvenioRDM cannot store."""

import copy
from collections.abc import Iterable
from typing import Any

from cern_assets.stand_ins.repository.refusals import FieldError


def without_dropped(content: dict[str, Any], errors: Iterable[FieldError]) -> dict[str, Any]:
    """A copy of the content without what the errors say is dropped."""
    kept = copy.deepcopy(content)
    for error in errors:
        if error.drops:
            *way, last = error.field.split(".")
            if way[:1] == ["custom_fields"]:  # their names may have dots themselves; of a list, all goes
                name = error.field.partition(".")[2]
                way, last = way[:1], name if name in content["custom_fields"] else name.rpartition(".")[0]
            _drop(kept, way, last)
    return kept


def _drop(holder: Any, way: list[str], last: str) -> None:
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    holder.pop(last, None)
