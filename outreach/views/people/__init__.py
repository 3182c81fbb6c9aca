"""Pages of contacts, audiences, imports and suppressions."""
