"""Polls hosts, keeps their latest state, judges it."""
