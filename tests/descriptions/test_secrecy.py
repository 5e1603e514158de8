"""Which columns are secret."""

import pytest
from sqlalchemy import Column, DateTime, Enum, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import column_property, declarative_base, synonym

from admin_site.descriptions import Field, describe


def _field(column: Column, name: str = "attribute") -> Field:
    members = {"__tablename__": "things", "id": Column(Integer, primary_key=True), name: column}
    return describe(type("Thing", (declarative_base(),), members)).field(name)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Passwd",
        "password_hash",
        "PasswordHash",
        "passwordsalt",
        "hashed_password",
        "userPassword",
        "pwd",
        "secret",
        "client_secret",
        "totpSecret",
        "secret_key",
        "api_key",
        "APIKey",
        "ApiToken",
        "access_token",
        "refreshToken",
        "private_key",
        "token_hash",
        "session_key",
        "recovery_codes",
    ],
)
def test_texts_that_are_called_like_secrets_are_secret(name: str):
    for field in (_field(Column(name, Text)), _field(Column(String(200)), name)):
        assert field.secret
        assert not field.searchable
        assert not field.sortable


@pytest.mark.parametrize(
    "name",
    [
        "token_count",
        "token_type",
        "secretary",
        "secret_name",
        "tokenizer",
        "key",
        "public_key",
        "api_key_id",
        "password_hint",
        "passport_number",
        "compass",
        "status_hash",
    ],
)
def test_other_names_that_sound_alike_are_not(name: str):
    assert not _field(Column(name, Text)).secret


@pytest.mark.parametrize("type_", [DateTime, Integer, Enum("app", "card", name="kinds")])
def test_what_is_no_text_is_not_secret_by_its_name(type_):
    assert not _field(Column("password", type_)).secret


def test_binary_values_and_lists_of_texts_may_be_secret():
    assert _field(Column("private_key", LargeBinary)).secret
    assert _field(Column("recovery_codes", ARRAY(Text))).secret


def test_keys_and_references_are_not_secret_by_their_names():
    assert not _field(Column("token", String(20), primary_key=True)).secret
    assert not _field(Column("token", ForeignKey("things.id"))).secret


def test_a_mark_decides_whatever_the_name():
    assert not _field(Column("password", Text, info={"secret": False})).secret
    assert _field(Column("shoe_size", Text, info={"secret": True})).secret


def test_a_secret_by_name_may_be_typed_unless_it_is_a_digest():
    assert _field(Column("api_key", Text)).read_only == ""
    assert _field(Column("password_hash", Text)).read_only
    assert _field(Column("api_key", Text, info={"secret": True})).read_only


def test_what_shows_a_secret_by_name_is_secret_too():
    class Account(declarative_base()):
        __tablename__ = "accounts"
        id = Column(Integer, primary_key=True)
        ApiKey = Column(Text)
        open_key = Column("password", Text, info={"secret": False})
        alias = synonym("ApiKey")
        shouted = column_property(ApiKey + "!")
        open_shouted = column_property(open_key + "!")

        @hybrid_property
        def lower_key(self):
            return self.ApiKey.lower()

    description = describe(Account)

    assert all(description.field(name).secret for name in ("ApiKey", "alias", "shouted", "lower_key"))
    assert not any(description.field(name).secret for name in ("open_key", "open_shouted"))
