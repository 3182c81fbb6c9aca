"""A small shop on an origin of its own, which loads the product's tracking script."""
