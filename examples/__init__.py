"""Applications to read and to run, one folder an idea."""
