"""Messages on their way: from a plan to the provider, each once."""
