"""OAuth 2.0 of the practice instance: clients, the token endpoint and its grants, and access tokens.

It answers what ServiceNow's documentation of inbound OAuth says; almost every refusal is the same reply. Secrets and tokens are
held in memory only; clients have rows in `oauth_entity`, without their secrets.
"""

import hmac
import secrets
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.responses import JSONResponse

from services.practice.accounts_and_sessions import Accounts, User, user_sys_id
from services.practice.database import Database, new_sys_id
from services.practice.faults import FaultRegistry

ACCESS_LIFETIME_S = 1800
REFRESH_LIFETIME_S = 8_640_000
CLIENT_CREDENTIALS_PROPERTY = "glide.oauth.inbound.client.credential.grant_type.enabled"
PASSWORD_GRANT_PROPERTY = "glide.oauth.inbound.ropc.grant_type.disabled"  # noqa: S105 -- a property
BODY_ONLY_PROPERTY = "glide.oauth.allow.parameters.in.post.body.only"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
REFUSED = {"error_description": "access_denied", "error": "server_error"}
UNKNOWN_CLIENT = {"error": "unauthorized_client"}
"""What was seen for a client of another instance; its status was not recorded."""
SCOPE = "useraccount"


class TokenKind(StrEnum):
    """What a token is for; the values are those of `oauth_credential.type`."""

    ACCESS = "access_token"
    REFRESH = "refresh_token"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A row of the JWT verifier map: which key verifies assertions that name `kid`."""

    kid: str
    public_key: str = field(repr=False)
    """PEM."""


@dataclass(slots=True)
class OAuthClient:
    """A client of the Application Registry."""

    client_id: str
    secret: str = field(repr=False)
    user: str = ""
    """The OAuth Application User; empty for a client without one."""
    active: bool = True
    is_scoped: bool = False
    """Whether it is securely scoped: REST APIs answer it 403."""
    lifetime_s: int = ACCESS_LIFETIME_S
    skew_s: int = 0
    """The clock skew that assertions may have."""
    verifiers: list[Verifier] = field(default_factory=list)
    scopes: frozenset[str] = frozenset({SCOPE})
    """The scopes that it may ask for."""
    has_default_profile: bool = True
    is_restricted: bool = False
    """Whether its tokens are for APIs whose access policy names OAuth."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was given out."""

    value: str = field(repr=False)
    kind: TokenKind
    client_id: str
    user_name: str
    scope: str
    until: float
    """Monotonic seconds."""


class TokenStore:
    """Clients and tokens by their values."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        faults: FaultRegistry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self.clock = clock
        self.clients: dict[str, OAuthClient] = {}
        self.foreign_clients: set[str] = set()
        """Client ids of another instance, which a clone was made from."""
        self.faults = faults
        self._tokens: dict[str, Token] = {}
        self._assertions_seen: dict[str, float] = {}
        """The `jti` of assertions, and when each assertion ends by the clock of the instance."""

    def add_client(self, name: str, client: OAuthClient) -> OAuthClient:
        """Register a client, with a row of `oauth_entity`."""
        self.clients[client.client_id] = client
        self._database.insert(
            "oauth_entity",
            {
                "name": name,
                "client_id": client.client_id,
                "type": "client",
                "user": user_sys_id(client.user) if client.user else "",
                "active": client.active,
            },
        )
        return client

    def user_of(self, value: str) -> User | None:
        """Return the user behind an access token that has not ended, or None."""
        token = self._tokens.get(value)
        if token is None or token.kind is not TokenKind.ACCESS or token.until <= self.clock():
            return None
        return self._accounts.user(token.user_name)

    def client_of(self, value: str) -> OAuthClient | None:
        """Return the client that an access token was given to, or None."""
        token = self._tokens.get(value)
        return self.clients.get(token.client_id) if token is not None else None

    def revoke(self, value: str) -> None:
        """End a token."""
        self._tokens.pop(value, None)

    def revoke_all(self) -> None:
        """End every token."""
        self._tokens.clear()

    # -- the token endpoint ------------------------------------------------

    def answer(self, content_type: str, body: bytes) -> JSONResponse:
        """Answer a POST to the token endpoint."""
        form = _form(content_type, body)
        if form.get("client_id", "") in self.foreign_clients:
            return JSONResponse(UNKNOWN_CLIENT, 401)
        client = self.clients.get(form.get("client_id", ""))
        if client is None or not client.active or not client.has_default_profile:
            return _refused()
        if form.get("scope") and not client.scopes.issuperset(form["scope"].split()):
            return _refused()
        given = form.get("client_secret", "")
        is_assertion = form.get("grant_type") == JWT_GRANT
        if not (is_assertion and not given) and not hmac.compare_digest(
            given.encode(), client.secret.encode()
        ):
            return _refused()
        match form.get("grant_type"):
            case "client_credentials":
                return self._client_credentials(client, form)
            case "password":
                return self._password(client, form)
            case "refresh_token":
                return self._refresh(client, form)
            case grant if grant == JWT_GRANT:
                return self._assertion(client, form)
        return _refused()

    def _client_credentials(self, client: OAuthClient, form: dict[str, str]) -> JSONResponse:
        enabled = self._database.is_set(CLIENT_CREDENTIALS_PROPERTY, default=False)
        if not enabled or not client.user or self._accounts.user(client.user) is None:
            return _refused()
        return self._reply(client, client.user, form)

    def _password(self, client: OAuthClient, form: dict[str, str]) -> JSONResponse:
        if self._database.is_set(PASSWORD_GRANT_PROPERTY, default=False):
            return _refused()
        user = self._accounts.check(form.get("username", ""), form.get("password", ""))
        if user is None or self._accounts.is_web_service_only(user.user_name):
            # The grant asks for a user with interactive access.
            return _refused()
        return self._reply(client, user.user_name, form, with_refresh=True)

    def _refresh(self, client: OAuthClient, form: dict[str, str]) -> JSONResponse:
        token = self._tokens.get(form.get("refresh_token", ""))
        known = token is not None and token.kind is TokenKind.REFRESH and token.until > self.clock()
        if token is None or not known or token.client_id != client.client_id:
            return _refused()
        if self._accounts.user(token.user_name) is None:
            return _refused()
        return self._reply(client, token.user_name, form, with_refresh=True)

    def _assertion(self, client: OAuthClient, form: dict[str, str]) -> JSONResponse:
        subject = self._verified_subject(client, form.get("assertion", ""))
        if subject is None or self._accounts.user(subject) is None:
            return _refused()
        return self._reply(client, subject, form)

    def _verified_subject(self, client: OAuthClient, assertion: str) -> str | None:
        """Return the `sub` of an assertion that is signed, current and new, or None."""
        import jwt

        try:
            kid = jwt.get_unverified_header(assertion).get("kid")
            key = next(one.public_key for one in client.verifiers if one.kid == kid)
            members = jwt.decode(
                assertion,
                key,
                algorithms=list(JWT_ALGORITHMS),
                audience=client.client_id,
                issuer=client.client_id,
                # The times are compared with the clock of this instance, which its replies tell.
                options={
                    "require": ["exp", "sub", "aud", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            now = self._database.clock().timestamp()
            if (
                not float(members.get("iat", now)) - client.skew_s
                <= now
                < float(members["exp"]) + client.skew_s
            ):
                return None
        except (jwt.PyJWTError, StopIteration, ValueError, TypeError):
            return None
        self._assertions_seen = {one: end for one, end in self._assertions_seen.items() if end > now}
        identifier = str(members.get("jti", ""))
        if identifier in self._assertions_seen:
            return None
        if identifier:
            self._assertions_seen[identifier] = float(members["exp"]) + client.skew_s
        return str(members["sub"])

    def _reply(
        self, client: OAuthClient, user_name: str, form: dict[str, str], *, with_refresh: bool = False
    ) -> JSONResponse:
        scope = form.get("scope") or SCOPE
        access = self._token(TokenKind.ACCESS, client, user_name, scope, client.lifetime_s)
        if self.faults.on("token_reply_odd"):
            return JSONResponse({"token_type": "Bearer", "scope": access.scope})
        body: dict[str, str | int] = {
            "access_token": access.value,
            "scope": access.scope,
            "token_type": "Bearer",
            "expires_in": max(1, int(access.until - self.clock())),
        }
        if with_refresh:
            body["refresh_token"] = self._token(
                TokenKind.REFRESH, client, user_name, scope, REFRESH_LIFETIME_S
            ).value
        return JSONResponse(body)

    def _token(
        self, kind: TokenKind, client: OAuthClient, user_name: str, scope: str, lifetime_s: int
    ) -> Token:
        """Return the token that lives, or a new one: asking again gives the same token with the time that is left."""
        now = self.clock()
        self._tokens = {value: token for value, token in self._tokens.items() if token.until > now}
        for token in self._tokens.values():
            same = (token.kind, token.client_id, token.user_name, token.scope) == (
                kind, client.client_id, user_name, scope,
            )  # fmt: skip
            if same:
                return token
        made = Token(
            secrets.token_urlsafe(48), kind, client.client_id, user_name, scope, self.clock() + lifetime_s
        )
        self._tokens[made.value] = made
        return made


def make_client(user: str = "") -> OAuthClient:
    """Return a client with a random id and a secret that holds what has to be encoded in a form."""
    return OAuthClient(new_sys_id(), f"{secrets.token_urlsafe(18)}+&%#;,", user)


def _form(content_type: str, body: bytes) -> dict[str, str]:
    """Return the parameters of a form; empty for another content type or a parameter that comes twice."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return {}
    try:
        pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
    form = dict(pairs)
    return form if len(form) == len(pairs) else {}


def _refused() -> JSONResponse:
    return JSONResponse(REFUSED, 401)
