"""Fill a new InvenioRDM in one process: schema, indices, vocabularies, a depositor, others, and their tokens.

Each step is a command of InvenioRDM's own `invenio` program. Run one by one they would cost ten seconds of imports
each; here one application runs them all. Started by run.py in `.venv-invenio`, with the folder for files, the token's
file, and the one for the other user's.
"""

import secrets
import sys
import time
from pathlib import Path

from flask.testing import FlaskCliRunner
from invenio_app.cli import cli
from invenio_app.factory import create_api
from invenio_search import current_search_client
from parts import write_secret

DEPOSITOR = "depositor@example.org"
OTHER = "somebody-else@example.org"
ADMINISTRATOR = "administrator@example.org"


def main(files_folder: Path, token_file: Path, other_token_file: Path, admin_token_file: Path) -> None:
    """Run every step; the token is written last, so that its presence says that the instance is complete."""
    app = create_api()
    runner = app.test_cli_runner()
    _run(runner, "db", "init", "create")
    with app.app_context():
        _await_search()
    _run(runner, "index", "init")
    _run(runner, "files", "location", "create", "--default", "local", str(files_folder))
    _run(runner, "rdm-records", "custom-fields", "init")
    _run(runner, "communities", "custom-fields", "init")
    _run(runner, "rdm-records", "fixtures")
    for user, file in ((ADMINISTRATOR, admin_token_file), (OTHER, other_token_file), (DEPOSITOR, token_file)):
        _run(runner, "users", "create", user, "--password", secrets.token_urlsafe(), "--active", "--confirm")
        if user == ADMINISTRATOR:
            _run(runner, "access", "allow", "administration-access", "user", user)
        token = _run(runner, "tokens", "create", "-n", "cern-assets", "-u", user)
        write_secret(file, token.split()[-1])


def _run(runner: FlaskCliRunner, *command: str) -> str:
    began = time.monotonic()
    result = runner.invoke(cli, command)
    print(f"{time.monotonic() - began:5.1f} s  invenio {' '.join(command[:2])}", flush=True)
    if result.exit_code != 0:
        print(result.output, flush=True)
        raise SystemExit(f"invenio {' '.join(command)} failed") from result.exception
    return str(result.output).strip()


def _await_search() -> None:
    """Wait for the search engine, which starts at the same time as this program."""
    deadline = time.monotonic() + 120
    while not current_search_client.ping():
        if time.monotonic() > deadline:
            raise SystemExit("OpenSearch does not answer")
        time.sleep(0.2)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
