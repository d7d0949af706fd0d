"""nntrace: every number of a neural network's training, seen, explained and checked."""

__version__ = "0.1.0"
