"""What the ML dashboards predict, share out and draw."""
