"""Runs on workers of several machines: Dagster's launcher for Celery, which also sees when a worker is gone.

`deploy/celery/dagster.yaml` names it. Dagster's own asks the result of a run's task, and a worker that is killed
with its machine leaves the task *started* for ever. This one asks the workers who has the task. Needs the extra
`celery`.
"""

from typing import override

import dagster as dg
from celery import Celery
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.config import DEFAULT_CONFIG
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.make_app import make_app
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import create_execute_job_task

from cern_assets.errors import ConfigurationError

_ANSWER_SECONDS = (2.0, 10.0)
"""How long workers have to answer; before one counts as gone, it is asked again with more time."""


class WatchfulCeleryRunLauncher(CeleryRunLauncher):
    """The launcher; its configuration is that of Dagster's."""

    @override
    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a worker has the run's task; a run that was not ended by its task, and has no worker, is dead.

        Where the broker does not answer, nothing is known: the error is logged, and the run is asked about again.
        """
        task = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG, "")
        if any(self._is_with_a_worker(task, seconds) for seconds in _ANSWER_SECONDS):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        current = self._instance.get_run_by_id(run.run_id)
        if current is None or current.is_finished:
            return CheckRunHealthResult(WorkerStatus.SUCCESS)
        return CheckRunHealthResult(WorkerStatus.FAILED, "No worker has the run's task: the one that had it died.")

    def _is_with_a_worker(self, task: str, seconds: float) -> bool:
        answers = self.celery.control.inspect(timeout=seconds).query_task(task) or {}
        return any(task in tasks for tasks in answers.values())


def build_app(broker: str) -> Celery:
    """The application of a worker, which runs whole runs of Dagster's.

    A worker takes a task when it has a place for it and not before: the next run would wait behind a long one while
    another worker is idle.

    Raises:
        ConfigurationError: no broker is set.
    """
    if not broker:
        raise ConfigurationError(
            "A worker does not know its broker.",
            field="CERN_ASSETS_BROKER_URL",
            remedy="Set it, as redis://HOST:6379/0, to what daemon and web server have.",
        )
    app: Celery = make_app({"broker": broker, "backend": broker, "config_source": DEFAULT_CONFIG})  # type: ignore[no-untyped-call]  # no annotations
    app.conf.worker_disable_prefetch = True
    app.conf.broker_connection_retry_on_startup = True
    create_execute_job_task(app)
    return app
