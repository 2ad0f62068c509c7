"""The check of a Privilege Manager server: what is asked of it, and how its answers are judged."""
