"""The Requests page and everything around it."""
