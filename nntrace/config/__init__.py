"""The configuration language: reading it, its types, and errors that point at the place."""
