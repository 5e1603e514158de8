"""Create saved views and the preferences of lists.

Revision: 8a41d7c6f2b9
Revises: c3f1a5d20e84
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8a41d7c6f2b9"
down_revision = "c3f1a5d20e84"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("view_id", name="pk_saved_views"),
        sa.UniqueConstraint("owner_id", "model", "name", name="uq_saved_views_owner_id_model_name"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.user_id"], name="fk_saved_views_owner_id_users", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.role_id"], name="fk_saved_views_role_id_roles", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_saved_views_role_id", "saved_views", ["role_id"])
    op.create_table(
        "list_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("default_view_id", sa.Integer(), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("user_id", "model", name="pk_list_preferences"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_list_preferences_user_id_users", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["default_view_id"],
            ["saved_views.view_id"],
            name="fk_list_preferences_default_view_id_saved_views",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_list_preferences_default_view_id", "list_preferences", ["default_view_id"])


def downgrade() -> None:
    op.drop_table("list_preferences")
    op.drop_table("saved_views")


def _timestamps() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
