"""The route table."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [route("items", "routes/items", [index("routes/none"), route(":item_id", "routes/item")])],
    )
]
