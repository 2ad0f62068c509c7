"""Rules of a request without network access: states, journal, inputs, validation."""
