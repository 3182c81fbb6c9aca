"""The queue: one page for every kind of proposal."""
