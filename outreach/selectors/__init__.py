"""Rows of outreach as pages and engines want them."""
