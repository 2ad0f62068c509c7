"""The stages of a Privilege Manager server, from its web reply to its policies."""
