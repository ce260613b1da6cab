"""Lets the slow page's loader go on."""

import asyncio

gate = asyncio.Event()


def action() -> None:
    gate.set()
