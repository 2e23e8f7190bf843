"""Guards that garbage is searched for seldom only as long as records are converted."""

import gc

import pytest

from cern_assets.cli.collecting import OBJECTS, collected_seldom


def test_garbage_is_searched_for_as_before_when_all_is_converted_and_when_it_fails() -> None:
    before = gc.get_threshold()
    with collected_seldom():
        assert gc.get_threshold() == (OBJECTS, *before[1:])
    assert gc.get_threshold() == before
    with pytest.raises(KeyError), collected_seldom():
        raise KeyError
    assert gc.get_threshold() == before
