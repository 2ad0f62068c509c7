"""The schema this release writes. Imports nothing, because the first fill of the tree compares it."""

SCHEMA_REVISION = "0007"
