"""Commands in this process, over the sample portal and an embedded repository of the test's own."""

import os
from collections.abc import Callable

import pytest

from cern_assets.cli.main import main
from cern_assets_tests.defs.conftest import home
from cern_assets_tests.unit.cli.commands import Answer

__all__ = ["home"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command; no output of any command may hold the repository's token."""

    def run_(*arguments: str) -> Answer:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        token = os.environ.get("CERN_ASSETS_REPOSITORY_TOKEN")
        assert not token or token not in out + err
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, out, err)

    return run_
