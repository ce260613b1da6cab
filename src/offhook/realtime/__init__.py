"""The engine: channels, sessions, and who is subscribed to what in this process."""
