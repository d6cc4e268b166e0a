"""Containers on a real engine."""
