"""Create the tables of the site.

Revision: c3f1a5d20e84
Revises:
Created: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c3f1a5d20e84"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_school()
    _create_users()
    _create_roles()
    _create_credentials()
    _create_belongings()
    _create_audit_trail()


def downgrade() -> None:
    for table in (
        "audit_entries",
        "items",
        "user_flows",
        "flows",
        "enrollments",
        "credential_tokens",
        "user_sessions",
        "role_grants",
        "user_roles",
        "roles",
        "users",
        "courses",
        "user_types",
    ):
        op.drop_table(table)


def _create_school() -> None:
    op.create_table(
        "user_types",
        sa.Column("user_type_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        *_timestamps(),
        sa.PrimaryKeyConstraint("user_type_id", name="pk_user_types"),
        sa.UniqueConstraint("name", name="uq_user_types_name"),
    )
    op.create_table(
        "courses",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        *_timestamps(),
        sa.PrimaryKeyConstraint("course_id", name="pk_courses"),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_courses_ends_after_start")),
    )
    op.create_index("ix_courses_name", "courses", ["name"])


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.String(150), nullable=False),
        sa.Column("email_address", sa.String(254), nullable=False),
        sa.Column("first_name", sa.String(150), nullable=True),
        sa.Column("last_name", sa.String(150), nullable=True),
        sa.Column("user_image", sa.String(500), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("user_type_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.ForeignKeyConstraint(
            ["user_type_id"],
            ["user_types.user_type_id"],
            name="fk_users_user_type_id_user_types",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("age > 0", name=op.f("ck_users_age_is_positive")),
    )
    op.create_index("uq_users_user_name_lower", "users", [sa.text("lower(user_name)")], unique=True)
    op.create_index("uq_users_email_address_lower", "users", [sa.text("lower(email_address)")], unique=True)
    op.create_index("ix_users_created_at_user_id", "users", ["created_at", "user_id"])
    op.create_index("ix_users_user_type_id", "users", ["user_type_id"])


def _create_roles() -> None:
    op.create_table(
        "roles",
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("role_id", name="pk_roles"),
        sa.UniqueConstraint("name", name="uq_roles_name"),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "role_id", name="pk_user_roles"),
        _cascade("user_roles", "user_id", "users", "user_id"),
        _cascade("user_roles", "role_id", "roles", "role_id"),
    )
    op.create_index("ix_user_roles_role_id", "user_roles", ["role_id"])
    op.create_table(
        "role_grants",
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", name="pk_role_grants"),
        sa.UniqueConstraint("role_id", "model", "action", name="uq_role_grants_role_id_model_action"),
        _cascade("role_grants", "role_id", "roles", "role_id"),
    )


def _create_credentials() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expiration_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ip_address", sa.String(45), nullable=True),
        sa.Column("user_agent", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name="pk_user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
        _cascade("user_sessions", "user_id", "users", "user_id"),
        sa.CheckConstraint(
            "expiration_time >= start_time", name=op.f("ck_user_sessions_expires_after_start")
        ),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    op.create_table(
        "credential_tokens",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("token_id", name="pk_credential_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_credential_tokens_token_hash"),
        _cascade("credential_tokens", "user_id", "users", "user_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["users.user_id"],
            name="fk_credential_tokens_created_by_id_users",
            ondelete="SET NULL",
        ),
        sa.CheckConstraint(
            "purpose IN ('first_password', 'reset_password')", name=op.f("ck_credential_tokens_purpose")
        ),
    )
    op.create_index("ix_credential_tokens_user_id", "credential_tokens", ["user_id"])
    op.create_index("ix_credential_tokens_created_by_id", "credential_tokens", ["created_by_id"])


def _create_belongings() -> None:
    op.create_table(
        "enrollments",
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("enrolled_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("associative_data", _json(), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("enrollment_id", name="pk_enrollments"),
        sa.UniqueConstraint("user_id", "course_id", name="uq_enrollments_user_id_course_id"),
        _cascade("enrollments", "user_id", "users", "user_id"),
        _cascade("enrollments", "course_id", "courses", "course_id"),
        sa.CheckConstraint("end_date >= enrolled_date", name=op.f("ck_enrollments_ends_after_enrollment")),
    )
    op.create_index("ix_enrollments_course_id", "enrollments", ["course_id"])
    op.create_table(
        "flows",
        sa.Column("flow_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        *_timestamps(),
        sa.PrimaryKeyConstraint("flow_id", name="pk_flows"),
        sa.UniqueConstraint("name", name="uq_flows_name"),
    )
    op.create_table(
        "user_flows",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("flow_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "flow_id", name="pk_user_flows"),
        _cascade("user_flows", "user_id", "users", "user_id"),
        _cascade("user_flows", "flow_id", "flows", "flow_id"),
    )
    op.create_index("ix_user_flows_flow_id", "user_flows", ["flow_id"])
    op.create_table(
        "items",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        *_timestamps(),
        sa.PrimaryKeyConstraint("item_id", name="pk_items"),
        _cascade("items", "owner_id", "users", "user_id"),
    )
    op.create_index("ix_items_title", "items", ["title"])
    op.create_index("ix_items_owner_id", "items", ["owner_id"])


def _create_audit_trail() -> None:
    op.create_table(
        "audit_entries",
        sa.Column(
            "entry_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),  # what SQLite numbers by itself
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("change_set_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(36), nullable=True),
        sa.Column("actor_name", sa.String(300), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("key", sa.String(1000), nullable=False),
        sa.Column("label", sa.String(300), nullable=False),
        sa.Column("changes", _json(), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=True),
        sa.Column("ip_address", sa.String(45), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_change_set_id", "audit_entries", ["change_set_id"])
    op.create_index("ix_audit_entries_happened_at", "audit_entries", ["happened_at"])
    op.create_index("ix_audit_entries_model_key", "audit_entries", ["model", "key", "entry_id"])


def _timestamps() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def _json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _cascade(table: str, column: str, target: str, target_column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.{target_column}"], name=f"fk_{table}_{column}_{target}", ondelete="CASCADE"
    )
