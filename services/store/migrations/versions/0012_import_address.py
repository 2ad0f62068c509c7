"""On which server the copy of an action was seen."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one. Copies that were seen before count as seen where they are now."""
    op.add_column(
        "action_progress",
        sa.Column("imported_to", sa.String(2048), nullable=False, server_default=sa.text("''")),
    )
    address = (
        "SELECT s.base_url FROM action a JOIN privilege_manager_server s ON s.id = a.server_id "
        "WHERE a.id = action_progress.action_id"
    )
    op.execute(
        f"UPDATE action_progress SET imported_to = COALESCE(({address}), '') WHERE imported_at IS NOT NULL"  # noqa: S608
    )
