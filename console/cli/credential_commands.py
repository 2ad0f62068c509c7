"""`credential`: sign-ins and their secrets, into and out of the vault; never shown."""

import asyncio
import sys
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmOpen, Json
from console.cli.command_context import CommandContext, get_command_context
from console.cli.credential_changes import CredentialChange, apply_change
from console.cli.lazy_group import CommandSource, Found, lazy_group
from console.cli.secret_input import SecretChoice, ask_secrets, missing_secret_error, read_secret
from models.secret_names import SECRET_FORMS, SecretName
from models.sign_in import METHODS, SignInMethod
from models.user_credential import UserCredential
from services.common.errors import InputError
from services.common.json_types import JsonObject
from services.common.secret import Secret
from services.credential_secrets import CredentialSecrets, read_credential_secrets
from services.workspace import Workspace


def _import_probe() -> Found:
    from console.cli.probe_command import probe

    return probe


LATER_COMMANDS = {
    "probe": CommandSource(
        _import_probe,
        "Probe a sign-in with one attempt: token, REST, WSDL, SOAP, and whether it runs as the account; 1 unless all is proven.",
    ),
}
app = typer.Typer(
    cls=lazy_group(LATER_COMMANDS), help="User Credentials and their secrets.", no_args_is_help=True
)

SignInKind = Annotated[
    str | None, typer.Option("--sign-in", metavar="KIND", help=f"How it signs in: {', '.join(SignInMethod)}.")
]
ClientId = Annotated[str | None, typer.Option("--client-id", help="Client ID of the OAuth application.")]
Scope = Annotated[
    str | None,
    typer.Option("--scope", help="Scopes to ask for, separated by spaces; else those of the client."),
]
KeyId = Annotated[str | None, typer.Option("--key-id", help="Key Id (kid) of the JWT verifier map.")]
Subject = Annotated[
    str | None, typer.Option("--subject", help="Value that finds the user, the sub of the JWT.")
]
Algorithm = Annotated[
    str | None, typer.Option("--algorithm", help="Signature of the JWT: RS256 (default) to ES512.")
]
SecretExpiresOn = Annotated[
    str | None,
    typer.Option("--secret-expires-on", metavar="DATE", help="Last day of the secret, as YYYY-MM-DD."),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
ClientSecretStdin = Annotated[
    bool, typer.Option("--client-secret-stdin", help="Read the client secret from standard input.")
]
PrivateKeyStdin = Annotated[
    bool, typer.Option("--private-key-stdin", help="Read the private key, in PEM form, from standard input.")
]
KeyPassphraseStdin = Annotated[
    bool,
    typer.Option(
        "--private-key-passphrase-stdin", help="Read the passphrase of the private key from standard input."
    ),
]
CertificatePassphraseStdin = Annotated[
    bool,
    typer.Option(
        "--certificate-passphrase-stdin",
        help="Read the passphrase of the client certificate from standard input.",
    ),
]


@app.command("set")
def set_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the User Credential; made when there is none.")],
    account: Annotated[str, typer.Option(help="Account Name in ServiceNow.")],
    sign_in: SignInKind = None,
    client_id: ClientId = None,
    scope: Scope = None,
    key_id: KeyId = None,
    subject: Subject = None,
    algorithm: Algorithm = None,
    secret_expires_on: SecretExpiresOn = None,
    password_stdin: PasswordStdin = False,
    client_secret_stdin: ClientSecretStdin = False,
    private_key_stdin: PrivateKeyStdin = False,
    private_key_passphrase_stdin: KeyPassphraseStdin = False,
    certificate_passphrase_stdin: CertificatePassphraseStdin = False,
    confirm_open: ConfirmOpen = 0,
) -> None:
    """Set how a User Credential signs in, and keep one of its secrets for the servers that use it."""
    options = {
        "account": account,
        "sign_in": sign_in,
        "client_id": client_id,
        "scope": scope,
        "key_id": key_id,
        "subject": subject,
        "algorithm": algorithm,
        "secret_expires_on": secret_expires_on,
    }
    fields = {field: value for field, value in options.items() if value is not None}
    choice = SecretChoice(
        {
            SecretName.PASSWORD: password_stdin,
            SecretName.CLIENT_SECRET: client_secret_stdin,
            SecretName.PRIVATE_KEY: private_key_stdin,
            SecretName.PRIVATE_KEY_PASSPHRASE: private_key_passphrase_stdin,
            SecretName.CERTIFICATE_PASSPHRASE: certificate_passphrase_stdin,
        }
    )
    try:
        change = CredentialChange(name, fields, _read_secrets(choice, fields), confirm_open)
    except InputError as error:
        raise typer.Exit(CommandContext.failed(error)) from None

    async def work(workspace: Workspace) -> int:
        for line in await asyncio.to_thread(apply_change, workspace, change):
            output.print_message(line)
        return output.EXIT_OK

    get_command_context(context).run(work, begins=True)


def _read_secrets(choice: SecretChoice, fields: dict[str, str]) -> dict[SecretName, Secret]:
    """Read what the call sets: from standard input, or typed at a terminal. Empty where it sets only fields."""
    chosen = choice.chosen()
    if chosen is not None:
        return {chosen: read_secret(chosen)}
    method = fields.get("sign_in", SignInMethod.BASIC)
    entered = ask_secrets(SignInMethod(method)) if sys.stdin.isatty() and method in set(SignInMethod) else {}
    if not entered and not fields.keys() - {"account"}:
        raise missing_secret_error((SecretName.PASSWORD,))
    return entered


@app.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """List the User Credentials: how each signs in, and for which servers its secrets are set."""

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(_read_credentials, workspace)
        if json:
            output.print_json({"credentials": [_as_dict(*one) for one in found]})
        else:
            rows = [(item.name, item.account, _method_label(item), _secrets_text(of)) for item, of in found]
            output.print_table(("Name", "Account Name", "Authentication", "Secrets"), rows)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _read_credentials(workspace: Workspace) -> list[tuple[UserCredential, CredentialSecrets]]:
    return [
        (item, read_credential_secrets(workspace.vault, item))
        for item in workspace.configuration.all(UserCredential)
    ]


def _method_label(item: UserCredential) -> str:
    return METHODS[item.method].label


def _secrets_text(found: CredentialSecrets) -> str:
    """Return the state of each secret of the method, and which others are set."""
    parts = []
    for name in found.form.secrets:
        state = found.states[name]
        bound = ", ".join(str(o) for o in state.origins) or "no server yet"
        if state.present or name in found.form.required_secrets:
            parts.append(
                f"{SECRET_FORMS[name].label}: " + (f"set, for {bound}" if state.present else "not set")
            )
    parts += [f"{SECRET_FORMS[name].label}: set, not used" for name in found.unused]
    return "; ".join(parts) or "none needed"


def _as_dict(item: UserCredential, found: CredentialSecrets) -> JsonObject:
    return {
        "name": item.name,
        "account": item.account,
        "description": item.description,
        "client_id": item.client_id,
        "scope": item.scope,
        "key_id": item.key_id,
        "subject": item.subject,
        "algorithm": item.algorithm,
        "secret_expires_on": item.secret_expires_on,
        **found.as_dict(),
    }


@app.command()
def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the User Credential.")],
    secret: Annotated[
        list[SecretName] | None,
        typer.Option("--secret", help="Remove only this secret; may be given more than once."),
    ] = None,
) -> None:
    """Remove the secrets of a User Credential from the vault; the credential itself stays."""

    async def work(workspace: Workspace) -> int:
        item = await asyncio.to_thread(workspace.configuration.named, UserCredential, name)
        removed = await asyncio.to_thread(_forget, workspace, item, tuple(secret or SecretName))
        labels = ", ".join(SECRET_FORMS[one].label for one in removed)
        wanted = ", ".join(SECRET_FORMS[one].label for one in secret or ()) or "secret"
        output.print_message(
            f"Removed of “{name}”: {labels}." if removed else f"No {wanted} was kept for “{name}”."
        )
        return output.EXIT_OK

    get_command_context(context).run(work)


def _forget(workspace: Workspace, item: UserCredential, names: tuple[SecretName, ...]) -> list[SecretName]:
    return [one for one in names if workspace.vault.forget(item.id, item.name, secret_name=one)]
