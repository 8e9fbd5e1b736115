"""Lessons: marimo notebooks, one per file."""
