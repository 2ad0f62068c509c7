"""Searchable lists for choosing a server, a request item or another object."""
