"""Renderers: how a page becomes HTML."""
