"""All attacks, by name."""

from collections.abc import Mapping

from tests.attacks.attack import Attack
from tests.attacks.bodies import BODIES
from tests.attacks.churn import CHURN
from tests.attacks.heads import HEADS
from tests.attacks.lines import LINES
from tests.attacks.sockets import SOCKETS
from tests.attacks.work import WORK

ATTACKS: Mapping[str, Attack] = {**HEADS, **WORK, **BODIES, **SOCKETS, **LINES, **CHURN}
