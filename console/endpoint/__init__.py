"""The approval window of an endpoint as a working dialog: its requests are real."""
