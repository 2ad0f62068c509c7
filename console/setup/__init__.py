"""Home and the set-up wizard."""
