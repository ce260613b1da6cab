"""What several parts of the tests need."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import settings

from tests.servers import ROOT

# How long an example takes is the machine's business.
settings.register_profile("offhook", deadline=None)
settings.load_profile("offhook")


@pytest.fixture(scope="session")
def build() -> Callable[[str], None]:
    """Builds an application with React's development build, once a session."""
    done: set[str] = set()

    def run(target: str) -> None:
        if target not in done:
            command = [sys.executable, "-m", "offhook", "build", target, "--mode", "development"]
            subprocess.run(command, cwd=ROOT, check=True, timeout=300)
            done.add(target)

    return run
