"""How many processes serve the application, for those of its parts that can only be in one."""

import os
from typing import Final

WORKERS: Final = "OFFHOOK_WORKERS"
"""The environment variable by which ``offhook serve --workers`` tells its workers that they are not alone."""


def workers() -> int:
    """The number of processes that this one is one of, as far as is known."""
    return int(os.environ.get(WORKERS, "1"))
