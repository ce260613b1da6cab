"""The configuration that the documentation shows, run by a real nginx."""
