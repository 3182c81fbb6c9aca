"""Pictures of the ML dashboards, by seaborn. Drawn in a worker; no page imports this."""
