"""Checks about who gets in."""
