"""Budgets of channels: plain splits, a simulated market, and a policy learnt in it."""
