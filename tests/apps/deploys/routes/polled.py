"""What was written, looked at every second."""

from tests.apps.deploys.store import lines


async def loader() -> list[str]:
    return lines()
