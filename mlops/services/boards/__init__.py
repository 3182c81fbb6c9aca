"""The sync behind the ML dashboards: collect, predict, draw, store."""
