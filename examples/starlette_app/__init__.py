"""Offhook's engine as the root of a Starlette application's server, followed by EventSource."""
