"""Conditions of an installation that somebody should know of: told when they begin, and when they are over."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cern_assets.model.values import JsonObject

type Conditions = Mapping[str, str]
"""What is wrong now: a name that stays the same while it lasts, and a sentence."""


@dataclass(frozen=True)
class Changes:
    """What began and what is over since somebody was told last."""

    began: Conditions = field(default_factory=dict)
    over: Conditions = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.began or self.over)

    def as_json(self) -> JsonObject:
        """The body of a webhook: `text`, as Mattermost and Slack show it, and the same as data."""
        lines = [f"Began: {sentence}" for sentence in self.began.values()]
        lines += [f"Over: {sentence}" for sentence in self.over.values()]
        return {"text": "\n".join(lines), "began": dict(self.began), "over": dict(self.over)}


def changes(told: Conditions, now: Conditions) -> Changes:
    """Compare what was told with what is so now; a condition that lasts is no change, whatever its sentence says."""
    return Changes(
        began={name: sentence for name, sentence in now.items() if name not in told},
        over={name: sentence for name, sentence in told.items() if name not in now},
    )
