"""A page whose loader waits at the gate."""

from tests.apps.views.routes.gate import gate


async def loader() -> str:
    await gate.wait()
    gate.clear()
    return "worth the wait"
