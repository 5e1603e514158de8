"""Which passwords somebody would guess."""

import time

import pytest

from admin_site.errors import Invalid
from admin_site.security.guessing import check_password


def refusal(password, **values):
    """Return the words with which a password is refused, "" when it will do."""
    person = {"user_name": "maria.lindqvist", "email_address": "maria@lindqvist.example.org", "minimum": 15}
    try:
        check_password(password, **person | values)
    except Invalid as error:
        return error.errors["password"]
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "a violin under seven clouds",
        "Tr0ub4dor&3 goes swimming",
        "839201748263950",
        "x9!Kq#2mZ$8vLp@",
        "#$%^&*()_+{}|:<>?~",
        "пароль на каждый день недели",
        "七つの雲の下のバイオリンを弾く人々",
        "     a   violin   under   clouds     ",
        "the princess and her seven dragons",
        "w" + "orum loquitur iste canis " * 40,
    ],
)
def test_a_password_of_unrelated_characters_or_words_will_do(password):
    assert refusal(password) == ""


@pytest.mark.parametrize("password", ["", "short", "fourteen chars"])
def test_a_password_under_15_characters_is_refused(password):
    assert "15 characters" in refusal(password)


def test_64_characters_and_up_to_1024_will_do_and_no_more():
    words = "".join(f"word{number * 7919 % 1000}" for number in range(200))

    assert refusal(words[:64]) == refusal(words[:1024]) == ""
    assert "1,024" in refusal(words[:1025])


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaaaaaa",
        "                    ",
        "abcabcabcabcabcabc",
        "123456789012345678",
        "abcdefghijklmnopqrst",
        "qwertyuiopasdfghjkl",
        "1q2w3e4r5t6y7u8i9o0p",
        "passwordpassword",
        "Password1234567!",
        "iloveyouiloveyou1",
        "changeme-changeme",
        "admin-password-123",
        "zyxwvutsrqponmlkj",
        "1qaz2wsx3edc4rfv5tgb",
        "!QAZ2wsx#EDC4rfv1qaz",
        "Summer2024Summer2024",
        "Summer2024-Summer2024!",
    ],
)
def test_repeated_sequential_and_common_passwords_are_refused(password):
    assert "easy to guess" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "maria.lindqvist",
        "MARIA.LINDQVIST1",
        "maria@lindqvist.example.org",
        "lindqvist-lindqvist-1",
        "MariaMariaMaria1990",
        "Northwind College",
        "northwindcollege2024!",
        "ｍａｒｉａ.ｌｉｎｄｑｖｉｓｔ",
    ],
)
def test_a_password_made_of_the_own_name_the_address_or_the_site_is_refused(password):
    words = refusal(password, names=("Maria", "Lindqvist", None, "", "Northwind College"))

    assert "your own name" in words


def test_a_one_letter_name_forbids_no_password_that_contains_it():
    assert refusal("a violin under seven clouds", user_name="a", email_address="a@b.c") == ""


@pytest.mark.parametrize(
    "password",
    [
        "zaq12wsxcde34rfv",
        "iloveyouforever1",
        "footballfootball!",
        "administrator2024",
        "p-a-s-s-w-o-r-d-1",
        "princess sunshine",
        "qwertzuiopasdfghjkl",
        "azertyuiopqsdfghjklm",
        "elizabethelizabeth1",
        "19901990199019901",
        "password" * 100,
        "4@8({[<3" * 120,
    ],
)
def test_common_passwords_names_and_dates_are_refused_however_they_are_put_together(password):
    assert "easy to guess" in refusal(password)


@pytest.mark.parametrize("password", ["k7#vQz!m", "k7-vQz!m", "frog.violin.7", "Kq9 zWv3", "пять слонов"])
def test_beside_a_second_factor_eight_characters_are_enough(password):
    assert refusal(password, minimum=8) == ""


@pytest.mark.parametrize(
    "password",
    [
        *(
            "sunshine",
            "12345678",
            "password1",
            "Charlie1!",
            "trustno1!",
            "qwertz123",
            "letmein1",
            "elizabeth",
        ),
        *("mississippi", "Summer2024!", "Welcome2024!", "basketball", "aq!wsx12", "peter1990", "aaaaaaaa1"),
    ],
)
def test_beside_a_second_factor_too_what_is_common_is_refused(password):
    assert "easy to guess" in refusal(password, minimum=8)


@pytest.mark.parametrize("password", ["", "k7#vQz!"])
def test_beside_a_second_factor_seven_characters_are_refused(password):
    assert "8 characters" in refusal(password, minimum=8)


@pytest.mark.parametrize(
    "password",
    [
        "@" * 1024,
        "4@8({[<36&#!1|0$5+7%2" * 48,
        "".join("4@8({[<36&#!1|0$5+7%2"[number * 7919 % 21] for number in range(1024)),
        "password1" * 113,
        "19901231" * 128,
        "a\u0301" * 512,
    ],
)
def test_no_password_takes_long_to_be_looked_at(password):
    start = time.thread_time()
    refusal(password)

    assert time.thread_time() - start < 1
