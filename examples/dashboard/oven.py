"""The oven's thermometer: something that says nothing by itself and has to be asked."""

import itertools
import math

from examples.dashboard.data import Oven

_readings = itertools.count(1)


def look() -> Oven:
    """The temperature now."""
    reading = next(_readings)
    return Oven(celsius=round(228 + 7 * math.sin(reading)), reading=reading)
