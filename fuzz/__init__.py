"""Random input for every decoder: ``python -m fuzz [SECONDS]``, and briefly in the tests."""
