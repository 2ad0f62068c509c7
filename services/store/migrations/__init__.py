"""Alembic's scripts: one module in `versions` for each change of the schema."""
