"""Removes secrets from texts that are displayed, logged or reported.

`redact` is for text from programs: it removes what follows names such as `password`, credentials by their form, and every
password that this process has revealed (see `remember_secret`) by its value in any encoding. `redact_user_text` is for
text from people: it removes credentials by form and by value only.
"""

import base64
import binascii
import html.entities
import re
import threading
from dataclasses import dataclass
from functools import cache

from services.common.long_secrets import LONG_MIN_LENGTH, LongSecrets, is_long
from services.common.plain_text import replace_unstorable

REDACTED = "(removed)"
EVIDENCE_MAX = 600
EVIDENCE_INPUT_MAX = 20_000
"""Characters of a response that `evidence_excerpt` reads."""
REMEMBERED_MAX = 256
"""Of long secrets, and as many of others: access tokens, of which there is a new one twice an hour, replace no password."""
SUBSTRING_MIN_LENGTH = 8
"""Shorter passwords are removed only as whole words."""
SECRET_MIN_LENGTH = 3
TRUNCATED_MIN_LENGTH, TRUNCATED_MAX_LENGTH = 6, 40
BASE64_MIN_LENGTH = 12
ESCAPES_MAX = 8
"""Three levels of quoting put seven backslashes before a character."""

_SENSITIVE_KEY = r"(?:password|passwd|passphrase|secret|token|api[_-]?key|\bpwd)"
"""The end of the name of a secret. The part before it is not matched, because a name of any length, tried from each of
its dots, would take hours on a hostile page."""
_Rule = tuple[re.Pattern[str], str]


# Compiled with the first text that is redacted: that takes as long as importing a large module.
@cache
def _form_rules() -> tuple[_Rule, ...]:
    """Return what is a secret by its form alone, whoever wrote it."""
    return (
        (re.compile(r"(?i)([a-z0-9+.-]://)[^/\s@\"'<>]{0,512}:[^\s@\"'<>]{0,1024}@"), rf"\1{REDACTED}@"),
        # A private key in PEM form, with what an escape or a header puts before its first line.
        (re.compile(r"(-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----)(?:\s|\\{1,8}[nr]|%0[AaDd]){0,20}"
                    r"(?=[A-Za-z0-9+/]{16}|Proc-Type)(?:[^-]|-(?!----))+"), rf"\1{REDACTED}"),
        # A signed token: header, claims and signature.
        (re.compile(r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), REDACTED),
    )  # fmt: skip


@cache
def _rules() -> tuple[_Rule, ...]:
    """Return what is a secret in the text of a program."""
    return (
        (re.compile(r"(?i)(authorization[\"']?\s*[:=,]\s*[\"']?)(basic|bearer|digest|ntlm|negotiate)\s+[^\r\n\"'<>]+"),
         rf"\1\2 {REDACTED}"),
        (re.compile(r"(?i)((?:set-)?cookie2?[\"']?\s*[:=]\s*)[^\r\n]+"), rf"\1{REDACTED}"),
        (re.compile(r"(?i)\b(JSESSIONID|glide_[a-z_]+|BIGipServer[\w.~-]*)=[^;\s\"'<>]+"), rf"\1={REDACTED}"),
        (re.compile(rf"(?i)(<([\w.:-]*{_SENSITIVE_KEY})(?:\s[^<>]*)?>)[^<>]+(</\2\s*>)"), rf"\1{REDACTED}\3"),
        (re.compile(rf"(?i)({_SENSITIVE_KEY}\"\s*[:=]\s*\")(?:\\.|[^\"\\])*"), rf"\1{REDACTED}"),
        (re.compile(rf"(?i)({_SENSITIVE_KEY}'\s*[:=]\s*')(?:\\.|[^'\\])*"), rf"\1{REDACTED}"),
        (re.compile(rf"(?i)({_SENSITIVE_KEY}\s*=\s*\")[^\"]*"), rf"\1{REDACTED}"),
        (re.compile(rf"(?i)({_SENSITIVE_KEY}\s*=\s*')[^']*"), rf"\1{REDACTED}"),
        (re.compile(rf"(?i)({_SENSITIVE_KEY}\s*[:=]\s*)(?![\"'])[^\s\"',;&}}<>]+"), rf"\1{REDACTED}"),
        *_form_rules(),
    )  # fmt: skip


TOKEN_MIN_LENGTH = 16
"""Shorter words are not treated as tokens."""
_INNER_CAPITAL = re.compile("[a-z][A-Z]")
_SCHEME = re.compile(r"(?i)\b(basic|bearer)(\s+)([A-Za-z0-9+/=_\-.~]{4,})")

_BASE64_RUN = re.compile(rf"[A-Za-z0-9+/_\-]{{{SUBSTRING_MIN_LENGTH},}}={{0,2}}")
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class _SecretPattern:
    """Patterns of a password: its encodings as text, and fragments of its base64 form.

    Of a long secret only the hexadecimal form has a pattern; `_long_secrets` finds the others.
    """

    pattern: re.Pattern[str]
    base64_fragments: tuple[str, ...]
    long: bool


_lock = threading.Lock()
_remembered: dict[str, _SecretPattern] = {}
_long_secrets = LongSecrets()


def remember_secret(secret: str) -> None:
    """Redact this password from now on. Called when a password is sent to its host or written to a vault."""
    if len(secret) < SECRET_MIN_LENGTH or secret in REDACTED:
        return
    with _lock:
        known = _remembered.pop(secret, None)
        if known is not None:
            _remembered[secret] = known
            return
        long = is_long(secret)
        _remembered[secret] = _SecretPattern(_secret_pattern(secret), _base64_fragments(secret), long)
        if long:
            _long_secrets.add(secret)
        alike = [one for one, pattern in _remembered.items() if pattern.long == long]
        for oldest in alike[:-REMEMBERED_MAX]:
            del _remembered[oldest]
            _long_secrets.discard(oldest)


def redact(text: str) -> str:
    """Return text from a program without credentials, cookies, tokens and remembered passwords."""
    text = _redact_remembered(text)
    for rule, replacement in _rules():
        text = rule.sub(replacement, text)
    return _SCHEME.sub(_redact_token, text)


def redact_user_text(text: str) -> str:
    """Return text from a person, such as a reason or a comment, without tokens, keys, URL passwords and remembered passwords.

    Words after “password” stay: people write “my password: please allow it”.
    """
    text = _redact_remembered(text)
    for rule, replacement in _form_rules():
        text = rule.sub(replacement, text)
    return _SCHEME.sub(_redact_token_in_user_text, text)


def _redact_remembered(text: str) -> str:
    with _lock:
        # Longest first: one password may be a prefix of another.
        known = [_remembered[secret] for secret in sorted(_remembered, key=len, reverse=True)]
        text = _long_secrets.replace(text, REDACTED)
    text = _redact_base64(text, [part for one in known for part in one.base64_fragments])
    for one in known:
        text = one.pattern.sub(REDACTED, text)
    return text


def evidence_excerpt(text: str, limit: int = EVIDENCE_MAX) -> str:
    """Return `text` redacted, on one line, and cut to `limit` characters."""
    line = " ".join(redact(replace_unstorable(text[:EVIDENCE_INPUT_MAX])).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _redact_token(found: re.Match[str]) -> str:
    """Remove credentials after `Basic` or `Bearer`, but not words as in “basic authentication”."""
    scheme, gap, word = found.groups()
    if scheme.lower() == "bearer":
        token = len(word) >= TOKEN_MIN_LENGTH or any(c.isdigit() for c in word)
    else:
        try:
            token = b":" in base64.b64decode(word + "=" * (-len(word) % 4), altchars=None, validate=True)
        except (binascii.Error, ValueError):
            token = False
    return f"{scheme}{gap}{REDACTED}" if token else found[0]


def _redact_token_in_user_text(found: re.Match[str]) -> str:
    """As `_redact_token`, but keep ordinary words after “bearer”, however long."""
    scheme, _, word = found.groups()
    is_random = len(word) >= TOKEN_MIN_LENGTH and (
        any(c.isdigit() for c in word) or _INNER_CAPITAL.search(word)
    )
    return found[0] if scheme.lower() == "bearer" and not is_random else _redact_token(found)


# -- a remembered secret in any encoding ---------------------------------------------------------------------


def _secret_pattern(secret: str) -> re.Pattern[str]:
    """Return a pattern for a secret; its matching time is linear in the length of the text."""
    if is_long(secret):
        return re.compile(f"(?i:{secret[:LONG_MIN_LENGTH].encode().hex()})[0-9a-fA-F]*")
    parts = _character_patterns(secret)
    whole = "".join(parts)
    if len(secret) < SUBSTRING_MIN_LENGTH:
        whole = rf"(?<![A-Za-z0-9]){whole}(?![A-Za-z0-9])"
    cut = _truncated_pattern(parts) if len(secret) > SUBSTRING_MIN_LENGTH else ""
    content = secret.encode("utf-8", "surrogatepass")
    hexadecimal = f"(?i:{content.hex()})" if len(secret) >= SUBSTRING_MIN_LENGTH else ""
    # Decoded as ASCII, every non-ASCII byte becomes a replacement character.
    marked = re.escape(content.decode("ascii", "replace")) if not secret.isascii() else ""
    return re.compile("|".join(filter(None, (whole, marked, cut, hexadecimal))))


def _redact_base64(text: str, parts: list[str]) -> str:
    """Remove every run of base64 that contains one of `parts`."""
    if not parts:
        return text

    def shown(run: re.Match[str]) -> str:
        written = run[0].translate(_URL_SAFE)
        return REDACTED if any(part in written for part in parts) else run[0]

    return _BASE64_RUN.sub(shown, text)


def _character_patterns(secret: str) -> list[str]:
    """Return a pattern for each character; runs of white space and of backslashes count as one, as both are folded.

    Outer white space is ignored. No two alternatives of a pattern start alike, so that matching does not backtrack.
    """
    runs = re.finditer(r"\s+|\\+|.", secret.strip() or secret[:1], re.DOTALL)
    return [_whitespace_pattern(run[0]) if run[0].isspace() else _character_pattern(run[0]) for run in runs]


def _truncated_pattern(parts: list[str]) -> str:
    """Return a pattern for a truncated secret at the end of a text."""
    parts = parts[:TRUNCATED_MAX_LENGTH]
    if len(parts) <= TRUNCATED_MIN_LENGTH:
        return ""
    more = ""
    for one in reversed(parts[TRUNCATED_MIN_LENGTH:]):
        more = f"(?:{one}{more})?"
    return rf"{''.join(parts[:TRUNCATED_MIN_LENGTH])}{more}(?=[\s…]*\Z)"


def _encodings(secret: str) -> list[bytes]:
    return [secret.encode("utf-8", "surrogatepass"), secret.encode("latin-1", "replace"),
            secret.encode("utf-16-le", "surrogatepass")]  # fmt: skip


def _whitespace_pattern(run: str) -> str:
    """Return a pattern for white space, which may be folded in quoted text."""
    codes = sorted({9, 10, 13, 32, *map(ord, run)})
    percent = "|".join("".join(f"%{byte:02x}" for byte in chr(code).encode()) for code in codes)
    number = "|".join(f"0*{code}|x0*{code:x}" for code in codes)
    units = "|".join(f"u{code:04x}" for code in codes)
    return (
        rf"(?:[\s+]|(?i:{percent.replace('%', '%(?:25)*')})|(?i:&(?:amp;)*\#(?:{number});?)"
        rf"|(?i:\\{{1,{ESCAPES_MAX}}}(?:{units}|[tnr])))+"
    )


def _character_pattern(run: str) -> str:
    """Return a pattern for the encodings of one character, or of a run of backslashes."""
    character = run[0]
    code = ord(character)
    utf8 = character.encode("utf-8", "surrogatepass")
    utf16 = character.encode("utf-16-be", "surrogatepass")
    units = [utf16[i : i + 2].hex() for i in range(0, len(utf16), 2)]
    forms = [
        "(?i:" + "".join(rf"%(?:25)*{byte:02x}" for byte in utf8) + ")",
        "(?i:" + "".join(rf"\\{{1,{ESCAPES_MAX}}}u{unit}" for unit in units) + ")",
        rf"(?i:&(?:amp;)*\#(?:0*{code}|x0*{code:x});?)",
    ]
    if (name := html.entities.codepoint2name.get(code)) or character == "'":
        forms.append(rf"&(?:amp;)*(?:{name or 'apos'});")
    if character == "\\":
        return rf"(?:(?:{'|'.join(forms)}){{1,{len(run)}}}|\\{{1,{len(run) * ESCAPES_MAX}}})"
    # The plain character comes after its escapes, which may start with `&` or `%`.
    escaped = rf"\\{{0,{ESCAPES_MAX}}}" if character in "\"'/&<>" else ""
    forms.append(escaped + re.escape(character))
    if code > 126:
        forms += [
            re.escape(utf8.decode("latin-1")),
            re.escape(utf8.decode("cp1252", "replace")),
            "".join(rf"\\{{1,{ESCAPES_MAX}}}x{byte:02x}" for byte in utf8),
            "\ufffd",
            r"\?",
        ]
        if code < 256:
            forms += [rf"(?i:%{code:02x})", rf"\\{{1,{ESCAPES_MAX}}}x{code:02x}"]
    elif code < 32:
        forms.append(re.escape(repr(character)[1:-1]))
    return f"(?:{'|'.join(dict.fromkeys(forms))})"


def _base64_fragments(secret: str) -> tuple[str, ...]:
    """Return the parts of the base64 form of `secret` that do not depend on its offset."""
    parts = []
    for content in _encodings(secret):
        for offset in range(3):
            written = base64.b64encode(b"\0" * offset + content).decode().rstrip("=")
            whole = written[:-1] if (offset + len(content)) % 3 else written
            # A prefix is enough; the rest may be cut off.
            part = whole[(0, 2, 3)[offset] :][:BASE64_MIN_LENGTH]
            if len(part) >= SUBSTRING_MIN_LENGTH:
                parts.append(part)
    return tuple(dict.fromkeys(parts))
