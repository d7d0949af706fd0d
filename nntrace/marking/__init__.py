"""Somebody's numbers, marked as an examiner marks: what is right, what is wrong in itself, and the likely mistake."""
