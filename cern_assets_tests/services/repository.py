"""What every repository fixture hands out, whichever software stands behind it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunningRepository:
    """A repository that answers at `url` (no trailing slash) and takes `token` as that of a depositor.

    `other_token` is another user's, who has nothing to do with the depositor, and `admin_token` that of one who may
    withdraw what is published; each is empty where there is none.
    """

    url: str
    token: str
    other_token: str = ""
    admin_token: str = ""
