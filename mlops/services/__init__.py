"""Use cases of mlops that write."""
