"""The proxy on the way to the webhook of an intake client."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    op.add_column(
        "intake_client", sa.Column("answer_proxy", sa.String(2000), nullable=False, server_default="")
    )
    op.add_column("intake_client", sa.Column("answer_proxy_credential_id", sa.Uuid(), nullable=True))
