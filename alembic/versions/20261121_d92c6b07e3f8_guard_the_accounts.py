"""Guard the accounts: second factors, throttling, mail, limited grants, sessions that end when idle.

Revision: d92c6b07e3f8
Revises: b7e25f90c1d4
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d92c6b07e3f8"
down_revision = "b7e25f90c1d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend_accounts()
    _extend_sessions()
    _create_second_factors()
    _create_throttles()
    _create_outgoing_mails()


def downgrade() -> None:
    op.drop_table("outgoing_mails")
    op.drop_table("throttles")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
    op.drop_table("viewings")
    op.drop_column("user_sessions", "authenticated_at")
    op.drop_column("user_sessions", "is_kept")
    op.drop_column("role_grants", "scope")
    op.drop_column("role_grants", "fields")
    op.drop_column("roles", "requires_second_factor")
    for name in ("theme", "time_zone", "language", "password_expires_at"):
        op.drop_column("users", name)


def _extend_accounts() -> None:
    op.add_column("users", sa.Column("password_expires_at", _instant(), nullable=True))
    op.add_column("users", sa.Column("language", sa.String(35), nullable=True))
    op.add_column("users", sa.Column("time_zone", sa.String(64), nullable=True))
    op.add_column("users", sa.Column("theme", sa.String(10), nullable=True))
    op.add_column(
        "roles",
        sa.Column("requires_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("role_grants", sa.Column("fields", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "role_grants", sa.Column("scope", sa.String(100), server_default=sa.text("''"), nullable=False)
    )


def _extend_sessions() -> None:
    op.add_column(
        "user_sessions", sa.Column("is_kept", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    # Nobody knows when the password of a session under way was typed: it is asked again where it matters.
    long_ago = sa.text("'1970-01-01 00:00:00'")
    op.add_column(
        "user_sessions", sa.Column("authenticated_at", _instant(), server_default=long_ago, nullable=False)
    )
    op.create_table(
        "viewings",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("expires_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_viewings"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.session_id"],
            name="fk_viewings_session_id_user_sessions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_viewings_user_id_users", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_viewings_user_id", "viewings", ["user_id"])


def _create_second_factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("confirmed_at", _instant(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factors"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_second_factors_user_id_users", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("used_at", _instant(), nullable=True),
        sa.PrimaryKeyConstraint("code_id", name="pk_recovery_codes"),
        sa.UniqueConstraint("code_hash", name="uq_recovery_codes_code_hash"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_recovery_codes_user_id_users", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])


def _create_throttles() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", _instant(), nullable=False),
        sa.Column("blocked_until", _instant(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_throttles_failures_are_counted")),
    )
    op.create_index("ix_throttles_blocked_until", "throttles", ["blocked_until"])


def _create_outgoing_mails() -> None:
    op.create_table(
        "outgoing_mails",
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("due_at", _instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", _instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", name="pk_outgoing_mails"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_outgoing_mails_user_id_users", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["users.user_id"],
            name="fk_outgoing_mails_created_by_id_users",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_outgoing_mails_user_id", "outgoing_mails", ["user_id"])
    op.create_index("ix_outgoing_mails_created_by_id", "outgoing_mails", ["created_by_id"])
    op.create_index("ix_outgoing_mails_due_at", "outgoing_mails", ["due_at"])


def _instant() -> sa.DateTime:
    return sa.DateTime(timezone=True)
