"""Telling people: a JSON object, posted to the webhook of their chat or pager."""

import httpx

from cern_assets.errors import TransientError
from cern_assets.model.values import JsonObject


def post(url: str, body: JsonObject, *, timeout_seconds: float) -> None:
    """Post once; a redirect is not followed, as the address is a secret of its host.

    Raises:
        TransientError: nobody took it; the message does not repeat the address.
    """
    try:
        answer = httpx.post(url, json=body, timeout=timeout_seconds, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _not_taken(f"it did not answer ({type(error).__name__})") from None
    if not answer.is_success:
        raise _not_taken(f"it answered {answer.status_code}")


def _not_taken(how: str) -> TransientError:
    return TransientError(
        f"The webhook of alerts did not take a message: {how}.",
        field="CERN_ASSETS_ALERT_WEBHOOK",
        remedy="Check the address; the message is sent again with the next look.",
    )
