"""Guards every parser of bytes from outside: it reads or refuses, whatever comes, with work and memory in proportion.

`make fuzz MINUTES=10` does the same for longer. What failed is kept in `.hypothesis/` and tried first the next time.
"""

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from cern_assets_tests.conventions.sources import CHECKOUT
from cern_assets_tests.property.outside import HOSTILE, PARSERS, REFUSALS, Outside
from cern_assets_tests.services.bounds import in_proportion_to

EXAMPLES = int(os.environ.get("CERN_ASSETS_TEST_FUZZ_EXAMPLES", "40"))
KEPT = DirectoryBasedExampleDatabase(CHECKOUT / ".hypothesis" / "examples")
PIECES = st.binary(max_size=8) | st.sampled_from(
    [
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"-1",
        b"1e999",
        b"NaN",
        b"\\ud800",
        b"\xff\xff\xff\xff",
        b"9" * 5000,
        b"\n",
        b"&a *a",
    ]
)


@st.composite
def changed(draw: st.DrawFn, samples: tuple[bytes, ...]) -> bytes:
    """One of the samples with some pieces put in the place of others, and perhaps cut off."""
    data = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(PIECES) + data[at + draw(st.integers(0, 12)) :]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def _read(outside: Outside, data: bytes) -> None:
    with suppress(*REFUSALS):
        outside.parse(data)


@pytest.mark.parametrize("name", PARSERS)
def test_whatever_comes_is_read_or_refused(name: str) -> None:
    outside = PARSERS[name]
    for sample in outside.samples:
        _read(outside, sample)  # what is imported and compiled once is none of an input's cost

    @settings(max_examples=EXAMPLES, deadline=None, database=KEPT, suppress_health_check=list(HealthCheck))
    @given(changed(outside.samples) | st.binary(max_size=200))
    def holds(data: bytes) -> None:
        with in_proportion_to(len(data)):
            _read(outside, data)

    holds()


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", PARSERS)
def test_no_input_costs_more_than_in_proportion_to_its_size(name: str, hostile: str) -> None:
    outside = PARSERS[name]
    for sample in outside.samples:
        _read(outside, sample)
    for size_bytes in (500, 4_000):
        data = HOSTILE[hostile](size_bytes)
        with in_proportion_to(len(data)):
            _read(outside, data)


@pytest.mark.parametrize("name", PARSERS)
def test_the_samples_are_read(name: str) -> None:
    for sample in PARSERS[name].samples:
        PARSERS[name].parse(sample)
