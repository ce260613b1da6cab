"""Brokers: between the processes. ``base`` is the contract, each other module keeps it in one way."""
