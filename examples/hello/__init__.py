"""The walk-through: a client says hello, the server answers, the line stays open until either side closes."""
