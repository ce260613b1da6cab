"""The fuzz targets, briefly; ``scripts/fuzz`` takes its time."""

import pytest

from fuzz.targets import TARGETS, Found, Target


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_what_a_decoder_promises(name: str) -> None:
    TARGETS[name].fuzz(seed=1, count=150)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_harmless(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].attempt(seed)


def test_an_input_that_does_harm_is_reported() -> None:
    def fragile(data: bytes) -> None:
        assert data[:1] != b"{"

    with pytest.raises(Found, match="fragile"):
        Target(fragile, [b"{}"]).fuzz(seed=1, count=100)
