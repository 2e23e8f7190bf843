"""Telling people: a JSON object, posted to the webhook of their chat or pager."""

import httpx

from cern_assets.errors import TransientError
from cern_assets.model.values import JsonObject

_MOST_SECONDS = 15.0
"""To connect, and to answer: both end before Dagster ends the tick that tells, after a minute."""


def post(url: str, body: JsonObject, *, timeout_seconds: float) -> None:
    """Post once; a redirect is not followed, as the address is a secret of its host. What is answered is not read.

    Raises:
        TransientError: nobody took it; the message does not repeat the address.
    """
    try:
        with httpx.stream(
            "POST", url, json=body, timeout=min(timeout_seconds, _MOST_SECONDS), follow_redirects=False
        ) as answer:
            taken, status = answer.is_success, answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _not_taken(f"it did not answer ({type(error).__name__})") from None
    if not taken:
        raise _not_taken(f"it answered {status}")


def _not_taken(how: str) -> TransientError:
    return TransientError(
        f"The webhook of alerts did not take a message: {how}.",
        field="CERN_ASSETS_ALERT_WEBHOOK",
        remedy="Check the address; the message is sent again with the next look.",
    )
