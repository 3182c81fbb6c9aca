"""Response curves of channels: fitting, simulating, best splits. Plain Python, no Django."""
