"""The tables: activations, losses, optimizers, initial weights. A row is all that any reader needs."""
