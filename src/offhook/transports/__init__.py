"""ASGI endpoints: how a connection becomes frames."""
