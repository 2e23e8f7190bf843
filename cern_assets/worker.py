"""What a Celery worker runs: `celery -A cern_assets.worker worker` (see `deploy/celery`).

The definitions are loaded before the worker forks, so that no run waits for that.
"""

from functools import cache
from typing import TYPE_CHECKING

from cern_assets.definitions import defs
from cern_assets.defs.celery import build_app
from cern_assets.settings import load_settings

if TYPE_CHECKING:
    from celery import Celery

__all__ = ["defs"]


@cache
def __getattr__(name: str) -> "Celery":
    """The name `app`, which Celery asks for: made then, so that importing this needs no broker."""
    if name != "app":
        raise AttributeError(name)
    return build_app(load_settings().broker_url.get_secret_value())
