"""What ``tests/attacks`` attacks: everything that a stranger can reach, and nothing that they must be let into."""
