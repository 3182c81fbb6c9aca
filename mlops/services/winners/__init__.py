"""The winner index: how winners are found, kept and asked for what is like them."""
