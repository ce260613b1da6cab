"""Everything that can go wrong, one address each."""

from offhook import Redirect, data, redirect


def loader(how: str) -> str:
    if how == "data":
        raise data({"reason": "short and stout"}, 418)
    if how == "away":
        raise redirect("/about")
    return how


def action(how: str) -> Redirect:
    if how == "action":
        raise data("not today", 409)
    return redirect("/en/about")
