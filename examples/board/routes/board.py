"""The board: its cards, adding one, and moving one."""

from examples.board import store
from examples.board.channels import Board
from examples.board.data import Add, BoardPage, Move, Refused, User
from offhook import Data, Line, data, live


@live(Board)
async def loader(user: User) -> BoardPage:
    """All columns and cards."""
    return BoardPage(store.COLUMNS, await store.cards())


async def action(form: Add | Move, user: User, line: Line) -> Refused | Data | None:
    """Change the board; a refusal is an answer with status 409, which takes back what the page showed already."""
    changed = await (store.add(form) if isinstance(form, Add) else store.move(form))
    if isinstance(changed, Refused):
        return data(changed, 409)
    for card in changed:
        await line.publish(Board(), card)
    return None
