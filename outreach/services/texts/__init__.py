"""Texts of messages: written in versions, put into use, put away; what a workspace begins with."""
