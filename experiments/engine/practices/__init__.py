"""Patterns of what works: rules, their evidence, drafts held against them."""
