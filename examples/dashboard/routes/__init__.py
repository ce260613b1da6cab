"""One page of three routes, each inside the one above it."""

from offhook import index, layout

routes = [
    layout(
        "routes/shell",  # the oven: polled
        [
            layout(
                "routes/totals",  # the day in numbers: its loader runs again after publications
                [
                    index("routes/counter"),  # shelf and orders: publications go straight to the screen
                ],
            ),
        ],
    ),
]
