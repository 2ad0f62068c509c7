"""User Credentials with each method of signing in, and what the practice instance has to know of them."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import METHODS, TOKEN_METHODS, SignInMethod
from services.common.secret import Secret
from services.credential_secrets import putting_secrets
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, Verifier, make_client

INTEGRATION, ADMIN, APPROVER = "privman.integration", "admin", "app.approver"
PASSPHRASE = "pass phrase of the key"
KEY = ec.generate_private_key(ec.SECP256R1())
"""Made once: what it signs is new with each assertion."""
KEY_PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(PASSPHRASE.encode()),
).decode()
PUBLIC_PEM = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
BY_HEADER = (SignInMethod.BASIC, *sorted(TOKEN_METHODS))
"""The methods that need nothing of the connection."""


def fields_and_secrets(practice, method, account=INTEGRATION, **chosen):
    """Return the fields of a credential and its secrets; the practice instance knows its OAuth client afterwards.

    `chosen` has secrets by their names, in place of those that are made up.
    """
    secrets = {SecretName.PASSWORD: practice.accounts[account].password}
    fields = {"account": account, "sign_in": method.value}
    if method in TOKEN_METHODS:
        client = practice.tokens.add_client(f"{method} of {account}", make_client(account))
        client.secret = chosen.get("client_secret", client.secret)
        secrets[SecretName.CLIENT_SECRET] = client.secret
        fields["client_id"] = client.client_id
    if method is SignInMethod.CLIENT_CREDENTIALS:
        practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    if method is SignInMethod.PASSWORD_GRANT:
        # The grant asks for a user with interactive access.
        user = practice._database.first("sys_user", user_name=account)
        practice._database.update("sys_user", user["sys_id"], {"web_service_access_only": "false"})
    if method is SignInMethod.JWT_BEARER:
        client.verifiers.append(Verifier("kid-1", PUBLIC_PEM))
        secrets |= {SecretName.PRIVATE_KEY: KEY_PEM, SecretName.PRIVATE_KEY_PASSPHRASE: PASSPHRASE}
        fields |= {"key_id": "kid-1", "subject": account, "algorithm": "ES256"}
    used = METHODS[method].secrets
    return fields, {name: Secret(chosen.get(name, value)) for name, value in secrets.items() if name in used}


def add_credential(configuration, vault, practice, method, places=(), *, account=INTEGRATION, name=""):
    """Store a credential with its secrets bound to `places`, and return it."""
    fields, secrets = fields_and_secrets(practice, method, account)
    credential = configuration.new(Kind.USER_CREDENTIAL, name=name or f"{method} {account}", **fields)
    with putting_secrets(vault, credential, secrets, places, tried="Test"):
        return configuration.save(credential)


def accounts_of(practice, since=0):
    """Return who called the instance, without the token endpoint."""
    return {call.account for call in practice.log[since:] if call.path != "/oauth_token.do"}


def token_calls(practice, since=0):
    return [call for call in practice.log[since:] if call.path == "/oauth_token.do"]
