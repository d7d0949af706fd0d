"""Formulas as data, their spellings and their derivation. Knows nothing of networks."""
