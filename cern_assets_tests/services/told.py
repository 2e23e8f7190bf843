"""Events as tests tell them: what a stage did for a recid at a second of a certain hour."""

from datetime import UTC, datetime, timedelta

from cern_assets.model.events import Event, Fact, Place, StageEnded, utc_text
from cern_assets.model.outcomes import STAGE_NAMES, Status

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STOPPING = ("waiting", "failed", "rejected", "redirected", "left_out", "withdrawn")


def moment(second: float) -> str:
    """A second after the beginning, as events tell it."""
    return utc_text(BEGAN + timedelta(seconds=second))


def fact(second: float, recid: str, stage: str, told: Fact, *, run_id: str = "", collection: str = "opendata") -> Event:
    """A fact of a recid of a collection."""
    place = Place(
        run_id=run_id,
        collection=collection,
        source="opendata",
        repository="http://repository",
        recid=recid,
        stage=stage,
    )
    return Event(ts=moment(second), place=place, fact=told)


def outcome(second: float, recid: str, stage: str, status: Status, **changed: object) -> Event:
    """A stage that ended then, after half a second; `changed` are other fields of the fact."""
    stopped = status in STOPPING
    said = {
        "started": moment(second - 0.5),
        "elapsed_seconds": 0.5,
        "size_bytes": 7,
        "files": 1,
        "code": "ChecksumMismatch" if stopped else "",
        "message": "the bytes differ" if stopped else "",
        "url": "http://repository/records/a" if stage == STAGE_NAMES[-1] and not stopped else "",
    }
    return fact(second, recid, stage, StageEnded.model_validate({"status": status, **said, **changed}))


def all_done(recid: str, second: float = 0) -> list[Event]:
    """All five stages, a second each."""
    return [outcome(second + number, recid, stage, "done") for number, stage in enumerate(STAGE_NAMES)]
