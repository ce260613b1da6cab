"""Notifications: a channel for each user, published from ordinary requests of other people and of programs."""
