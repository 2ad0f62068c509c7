"""What this process knows is taken out of every text, however it is written and however long the text is."""

import base64
import html
import json
import re
import secrets
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common import redaction
from services.common.long_secrets import LongSecrets

MANY = 64
PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40)


@pytest.fixture(autouse=True)
def only_what_is_remembered_here(monkeypatch):
    monkeypatch.setattr(redaction, "_remembered", {})
    monkeypatch.setattr(redaction, "_long_secrets", LongSecrets())


@given(PASSWORDS, st.binary(max_size=9), st.binary(max_size=9), st.booleans())
def test_base64_that_holds_a_password_is_removed_wherever_it_stands(password, before, after, url_safe):
    redaction._remembered.clear()
    redaction.remember_secret(password)
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    written = encode(before + password.encode() + after).decode()
    shown = redaction.redact(f"sent <{written}> there")
    assert shown == f"sent <{redaction.REDACTED}> there"


@given(PASSWORDS)
def test_a_password_is_removed_however_an_address_or_json_writes_it(password):
    redaction._remembered.clear()
    redaction.remember_secret(password)
    for written in (
        password,
        urllib.parse.quote(password, safe=""),
        urllib.parse.quote(urllib.parse.quote(password, safe=""), safe=""),
        "".join(f"\\u{ord(c):04x}" for c in password),
        "".join(f"&#{ord(c)};" for c in password),
        password.encode().hex(),
    ):
        assert redaction.redact(f"> {written} <") == f"> {redaction.REDACTED} <"


def test_a_long_answer_is_read_once_whatever_number_of_passwords_is_known(monkeypatch):
    """Reading each run once for each password took minutes for an answer of half a megabyte."""
    runs, read = redaction._BASE64_RUN, []

    class Counted:
        def sub(self, shown, text):
            return runs.sub(lambda run: read.append(len(run[0])) or shown(run), text)

    monkeypatch.setattr(redaction, "_BASE64_RUN", Counted())
    for number in range(MANY):
        redaction.remember_secret(f"Correct-horse-{number:04d}")
    picture = base64.b64encode(bytes(range(256)) * 200).decode()
    hidden = base64.b64encode(b"user:Correct-horse-0040").decode()
    shown = redaction.redact(f"{picture} {hidden}")
    assert shown == f"{picture} {redaction.REDACTED}"
    assert read == [len(picture), len(hidden)]


def test_other_base64_is_left_alone():
    redaction.remember_secret("Correct-horse-0001")
    other = base64.b64encode(b"Another-house-0001 and more").decode()
    assert redaction.redact(other) == other


@pytest.mark.parametrize(
    "password",
    [
        "  x yz",
        "a b cdefghij",
        "\\\\\\\\x",
        "a\\b\\c\\d",
        "&&&&&&&&&",
        "%%%%%%%%%",
        "\"'\"'\"'\"'",
        "é" * 30,
        "a" * 200,
    ],
)
@pytest.mark.parametrize("piece", [" ", "\\", "&amp;", "%25", "?", "\ufffd", "\\u005c", "é", "a", "\n \t"])
def test_no_text_makes_the_search_try_over_and_over(password, piece):
    """Doubling the tries with every character, one such text never ended; the time limit of a test is the proof."""
    redaction.remember_secret(password)
    assert redaction.redact(piece * 4_000 + "!").endswith("!")


@pytest.mark.parametrize(
    "piece",
    ["a.", "a-", "a.password", "a://", "a://:", "x://a:", "<a:", "<a.password ", "<password>", "token", "token ",
     'secret="', "'token' ", "cookie: ", "basic aaaa ", "&#", "glide_a", "=", "-----{} PRIVATE KEY-----".format("BEGIN"),
     "-----BEGIN A ", "eyJ", "eyJaaaaaaaa.", "eyJaaaaaaaa-"],
)  # fmt: skip
def test_no_page_makes_the_rules_try_over_and_over(piece):
    """Tried from each of its dots, 20,000 characters of “a.a.a.” took half a minute; ten times as many would not end."""
    text = (piece * 200_000)[:200_000]
    redaction.redact(text)
    redaction.evidence_excerpt(text * 50)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("admin.password=hush and more", "admin.password=(removed) and more"),
        ('{"x.y-db_password": "hu\\"sh", "a": 1}', '{"x.y-db_password": "(removed)", "a": 1}'),
        ("<ns:user.secret a='b'>hush</ns:user.secret>", "<ns:user.secret a='b'>(removed)</ns:user.secret>"),
        ("at svn+ssh://me:hush@host/x", "at svn+ssh://(removed)@host/x"),
        ("pwd: hush", "pwd: (removed)"),
    ],
)
def test_what_looks_like_a_credential_is_removed_whatever_its_name_begins_with(text, shown):
    assert redaction.redact(text) == shown


@pytest.mark.parametrize(
    ("password", "written"),
    [
        ("two  words here", "two words here"),
        ("two  words here", "two+words+here"),
        ("two\nlines of it", "two\\nlines of it"),
        ("back\\slash\\es", "back\\\\slash\\\\es"),
        ("back\\slash\\es", "back\\u005cslash%5Ces"),
        ('quote"d and more', 'quote\\\\\\"d and more'),
        ("naïve-passwörd", "na\ufffdve-passw\ufffdrd"),
        ("naïve-passwörd", "na\ufffd\ufffdve-passw\ufffd\ufffdrd"),
        ("naïve-passwörd", "na?ve-passw?rd"),
        ("naïve-passwörd", "naÃ¯ve-passwÃ¶rd"),
        ("naïve-passwörd", "na&iuml;ve-passw%C3%B6rd"),
    ],
)
def test_a_password_is_found_as_others_write_it(password, written):
    redaction.remember_secret(password)
    assert redaction.redact(f"> {written} <") == f"> {redaction.REDACTED} <"


WORDS = (
    "my password: please allow KeePass",
    "Password = what I forgot, token: none, secret: no",
    "the api key: lost; pwd: unknown",
    "basic authentication fails; bearer of bad news",
    "Bearer bonds2024 report; bearer responsibility-assignment",
    '"password": "please"',
    "<password>please</password>",
    "Cookie: I accept all of them",
)


@pytest.mark.parametrize("words", WORDS)
def test_what_people_write_stays_whatever_words_stand_beside_each_other(words):
    redaction.remember_secret("Correct-horse-0001")
    assert redaction.redact_user_text(words) == words


def test_a_secret_is_taken_out_of_what_people_write_by_its_value_and_form():
    redaction.remember_secret("Correct-horse-0001")
    basic = base64.b64encode(b"user:hush").decode()
    for written in (
        "Correct-horse-0001",
        "Correct%2Dhorse%2D0001",
        base64.b64encode(b"x:Correct-horse-0001").decode(),
    ):
        assert redaction.redact_user_text(f"my password: {written} please") == "my password: (removed) please"
    assert (
        redaction.redact_user_text("see https://me:hush@a.example/x") == "see https://(removed)@a.example/x"
    )
    for token in ("aci_4aAJgEkU7jaRAK2lOpgE5bUZ", "qWeRtYuIoPaSdFgHjKlZxC", "eyJhbGciOiJIUzI1NiJ9.e30.x-y_z"):
        assert (
            redaction.redact_user_text(f"Authorization: Bearer {token}") == "Authorization: Bearer (removed)"
        )
    assert redaction.redact_user_text(f"Authorization: Basic {basic}") == "Authorization: Basic (removed)"


# -- keys, assertions and access tokens ----------------------------------------------------------------------

LONG = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\%"), min_size=64, max_size=90
)
ARMOUR = "-----{} PRIVATE KEY-----"
PEM = "\n".join([ARMOUR.format("BEGIN"), *["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7+VJT/Ut9"] * 3,
                 "Zg3+q8Xv0aQ2bL5tY7uW1eR4iO6pS9dF=", ARMOUR.format("END")])  # fmt: skip


def remember_alone(secret):
    redaction._remembered.clear()
    redaction._long_secrets = LongSecrets()
    redaction.remember_secret(secret)


HIDDEN = f"{ARMOUR.format('BEGIN')}(removed){ARMOUR.format('END')}"


@settings(max_examples=30)
@given(LONG)
def test_a_long_secret_is_removed_however_it_is_written(secret):
    remember_alone(secret)
    for written in (
        secret,
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
        "".join(f"\\u{ord(c):04x}" for c in secret),
        "".join(f"&#{ord(c)};" for c in secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        secret.encode().hex(),
    ):
        shown = redaction.redact(f"> {written} <")
        # Plus signs and backslashes are not compared, so that those at its ends may stay.
        shown = re.sub(r"(?<=\))(?:\\+u002b|%2B|%252B|&#43;|\+)+|\\+(?=\()", "", shown)
        assert shown == f"> {redaction.REDACTED} <"


@given(st.integers(0, 268), st.integers(32, 300))
def test_every_piece_of_a_long_secret_is_removed(start, length):
    secret = secrets.token_urlsafe(225)
    remember_alone(secret)
    piece = secret[start : start + max(length, 32)]
    assert redaction.redact(f"> {piece} <") == f"> {redaction.REDACTED} <"


def test_a_key_is_removed_with_its_lines_written_in_any_way(only_what_is_remembered_here):
    redaction.remember_secret(PEM)
    for written in (PEM, json.dumps(PEM), PEM.replace("\n", " "), urllib.parse.quote_plus(PEM),
                    PEM.replace("\n", "&#10;"), repr(PEM)):  # fmt: skip
        shown = redaction.redact(f"> {written} <")
        assert "MIIE" not in shown
        assert "dF" not in shown
        assert shown.endswith(" <")


def test_what_an_end_cuts_off_of_a_long_secret_is_removed():
    token = secrets.token_urlsafe(60)
    redaction.remember_secret(token)
    for length in range(6, 80):
        assert redaction.redact(f"> {token[:length]}…") == f"> {redaction.REDACTED}…"
    assert redaction.redact(f"> {token[:5]}") == f"> {token[:5]}"


def test_long_secrets_need_no_patterns_of_their_own(monkeypatch):
    """A pattern for a key of 2,048 bits took 0.8 s to make, in which a window did nothing else."""
    made = []
    monkeypatch.setattr(redaction.re, "compile", lambda text, flags=0: made.append(len(text)) or re.Pattern)
    redaction.remember_secret(secrets.token_urlsafe(3_000))
    assert sum(made) < 200


def test_a_long_secret_is_forgotten_when_many_others_came_after_it():
    shared = secrets.token_urlsafe(40)
    tokens = [shared + secrets.token_urlsafe(60) for _ in range(redaction.REMEMBERED_MAX + 1)]
    for token in tokens:
        redaction.remember_secret(token)
    assert redaction.redact(tokens[0]) == redaction.REDACTED + tokens[0][len(shared) :]
    assert redaction.redact(tokens[1]) == redaction.REDACTED


def test_access_tokens_do_not_replace_a_password():
    """The password of a proxy is revealed when its connections are opened; tokens are new twice an hour."""
    redaction.remember_secret("Correct-horse-0001")
    for _ in range(redaction.REMEMBERED_MAX + 1):
        redaction.remember_secret(secrets.token_urlsafe(64))
    assert redaction.redact("> Correct-horse-0001") == "> (removed)"


@pytest.mark.parametrize(
    "secret", ["a" * 200, "ab" * 100, "%" * 100, "&#" * 60, "\\" * 80, "-----BEGIN A-----" * 8]
)
@pytest.mark.parametrize(
    "piece", ["a", "ab", "%", "%25", "&amp;", "&#", "\\", "\\u005c", "\n", "-----BEGIN A-----"]
)
def test_no_text_makes_the_search_for_long_secrets_try_over_and_over(secret, piece):
    redaction.remember_secret(secret)
    assert redaction.redact(piece * 4_000 + "!").endswith("!")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key: x {PEM} y", f"key: x {HIDDEN} y"),
        (json.dumps({"k": PEM}), f'{{"k": "{HIDDEN}"}}'),
        (f"it is {ARMOUR.format('BEGIN')} and ends", f"it is {ARMOUR.format('BEGIN')} and ends"),
        ("sent eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln now", "sent (removed) now"),
    ],
)  # fmt: skip
def test_a_key_and_a_signed_token_are_known_by_their_form(text, shown):
    assert redaction.redact(text) == shown
    assert redaction.redact_user_text(text) == shown
