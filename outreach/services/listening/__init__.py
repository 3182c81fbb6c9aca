"""Consumers of webhooks: what providers tell of messages, and what people write back."""
