"""From a campaign to a plan: who gets what, when and by which channel."""
