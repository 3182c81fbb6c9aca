"""Dashboards of growth: executive, organic and funnel, from ads and from the app together."""
