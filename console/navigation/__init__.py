"""The tree, the pages it leads to, and the places of both."""
