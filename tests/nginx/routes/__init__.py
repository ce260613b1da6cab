"""Route modules without views."""
