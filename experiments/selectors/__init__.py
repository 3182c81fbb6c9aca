"""Rows of experiments, read for pages, jobs and doors."""
