"""One table of codes."""

import pytest

from offhook.base.codes import TABLE, Code
from offhook.base.errors import Disconnect


def test_each_number_stands_once() -> None:
    assert len({code.number for code in TABLE}) == len(TABLE) > 30


@pytest.mark.parametrize("code", TABLE, ids=lambda code: str(code.number))
def test_the_range_says_whether_to_come_back(code: Code) -> None:
    match code.kind:
        case "disconnect":
            assert code.retry is (3000 <= code.number < 3500)
            assert Disconnect(code).reason == code.name  # which is fit to be a reason
        case "unsubscribe":
            assert code.retry is (code.number >= 2500)
            assert 2000 <= code.number < 3000
        case "error":
            assert 100 <= code.number < 400
            assert code.retry is (code.number in (100, 111))
