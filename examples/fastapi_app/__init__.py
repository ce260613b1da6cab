"""Offhook's engine mounted in a FastAPI application."""
