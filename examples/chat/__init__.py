"""A chat that stays true: rooms, messages in SQLite, and everybody's screen up to date."""
