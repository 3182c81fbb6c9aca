"""The Scenario Studio: curves fitted, plans tried on them, kept, and sent to approval."""
