"""Whether the record of a request is closed, as the record itself says it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "approval_request"


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    # Not in a batch: that makes the table anew, and the triggers of the full text would be gone.
    op.add_column(TABLE, sa.Column("record_closed", sa.Boolean(), nullable=False, server_default=sa.false()))
