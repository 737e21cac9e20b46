"""Starts the built server and its surroundings, and speaks to them as users do."""
