"""Whatever happens to pages: once it is quiet, every screen shows what its loader says."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from offhook.testing.clock import run
from tests.simulation.node import Node, bundle, running
from tests.simulation.planted import (
    CommitAfterPublish,
    DroppedPublications,
    PositionsAfterTheLoader,
    ShortHistory,
    SilentFailures,
)
from tests.simulation.server import Parts
from tests.simulation.world import World


@pytest.fixture(scope="module")
def nodes() -> Iterator[Sequence[Node]]:
    """Two tabs' worth of Node."""
    views = bundle()
    with ExitStack() as stack:
        yield [stack.enter_context(running(views)) for _ in range(2)]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build without anything in it."""
    manifest = tmp_path / "client" / ".vite" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    return tmp_path


def simulate(seed: int, nodes: Sequence[Node], build: Path, parts: Parts, steps: int) -> list[str]:
    """One world, and what happened in it; if it goes wrong, what is needed to see it again."""
    worlds: list[World] = []

    async def scenario() -> None:
        worlds.append(World(seed, nodes, build, parts))
        await worlds[0].run(steps)

    try:
        run(scenario())
    except Exception as failure:
        log = worlds[0].log if worlds else []
        failure.add_note("\n".join([f"seed {seed}, after", *log[-60:]]))
        raise
    finally:
        for world in worlds:
            world.store.close()
    return worlds[0].log


def simulate_all(seeds: Sequence[int], nodes: Sequence[Node], build: Path, parts: Parts) -> None:
    """Several worlds, one after the other."""
    for seed in seeds:
        simulate(seed, nodes, build, parts, steps=200)


@pytest.mark.parametrize("seed", range(8))
def test_once_it_is_quiet_every_screen_is_true(seed: int, nodes: Sequence[Node], build: Path) -> None:
    simulate(seed, nodes, build, Parts(), steps=200)


def test_a_seed_is_a_world(nodes: Sequence[Node], build: Path) -> None:
    one, two = (simulate(8, nodes, build, Parts(), steps=100) for _ in range(2))

    assert one == two


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(Parts(app=PositionsAfterTheLoader), id="positions read after the loader"),
        pytest.param(Parts(broker=ShortHistory), id="a history cut short"),
        pytest.param(Parts(broker=DroppedPublications), id="a dropped publication"),
        pytest.param(Parts(broker=SilentFailures), id="a failed publish under the same epoch"),
        pytest.param(Parts(store=CommitAfterPublish), id="a commit after its publication"),
    ],
)
def test_a_broken_rule_is_found(parts: Parts, nodes: Sequence[Node], build: Path) -> None:
    with pytest.raises(AssertionError, match="is not true"):
        simulate_all(range(20), nodes, build, parts)
