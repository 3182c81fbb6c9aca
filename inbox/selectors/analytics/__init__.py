"""The report of the inbox: how much came, how fast it was answered, and what was kept."""
