"""Recommendations: made from our own figures, sent to approval, followed up."""
