"""Measurements: ``python -m bench live``. What they said, and on which machine, is in ``RESULTS.md``."""
