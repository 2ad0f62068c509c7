"""How a User Credential signs in: its method, and the fields of OAuth; whether the account of a server sees requests."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one. Credentials of before sign in as they did: basic."""
    with op.batch_alter_table("user_credential") as table:
        table.add_column(sa.Column("sign_in", sa.String(32), nullable=False, server_default="basic"))
        table.add_column(sa.Column("client_id", sa.String(255), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("scope", sa.String(1000), nullable=True))
        table.add_column(sa.Column("key_id", sa.String(255), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("subject", sa.String(255), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("algorithm", sa.String(8), nullable=False, server_default=sa.text("''")))
        table.add_column(
            sa.Column("secret_expires_on", sa.String(10), nullable=False, server_default=sa.text("''"))
        )
    with op.batch_alter_table("polled_server") as table:
        table.add_column(sa.Column("proven", sa.Boolean(), nullable=False, server_default=sa.false()))
