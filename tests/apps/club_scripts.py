"""What stands around the club: programs that have no event loop of ours."""

import os

from offhook import Publisher
from tests.apps.club import Room, Said

publisher = Publisher(os.environ["BROKER"], channels=[Room])


def view(text: str) -> int:
    """A view of a WSGI application, a job of a task queue."""
    position = publisher.publish(Room(name="bar"), Said(text, by="the house"))
    return position.offset


def main() -> None:
    """A script."""
    with Publisher(os.environ["BROKER"], channels=[Room]) as once:
        once.broadcast([Room(name="bar"), Room(name="cellar")], Said("we close", by="the house"))


if __name__ == "__main__":
    print(view("last orders"))
    main()
    print(publisher.position(Room(name="cellar")).offset)
