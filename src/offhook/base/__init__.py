"""What both halves need: no sockets, no event loop."""
