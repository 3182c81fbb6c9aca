"""The best plan of the channels' budgets: worked out, kept, sent to approval."""
