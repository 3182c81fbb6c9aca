"""How a workspace ends: closed, exported, purged. Its own row stays; its name is not used again."""
