"""Names of services are checked against the server; what keeps it from it is told as its client tells it."""

from dataclasses import fields

import pytest

from console.objects.service_lookup import ServiceNameChecker
from models.addresses import Origin
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.common.secret import Secret


def add_server(configuration, **values):
    """Store a server with a User Credential; `values` are those of the credential."""
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, account="app", **values))
    server = configuration.new(
        Kind.FOREIGN_SYSTEM, base_url="https://one.invalid/", credential_id=credential.id
    )
    return configuration.save(server), credential


async def told_by_client(workspace, server_id):
    """Return the problem of a call that the client makes."""
    with pytest.raises(ConsoleError) as raised:
        await (await workspace.instance(server_id)).list_soap_services()
    return raised.value.problem


def shown(problem):
    """Return what is shown of a problem: all but the mark that tells two of them apart in the log."""
    return {one.name: getattr(problem, one.name) for one in fields(problem) if one.name != "correlation_id"}


@pytest.mark.parametrize("case", ["no secret", "for another server", "no client secret", "no credential"])
def test_a_sign_in_without_its_secret_is_told_as_the_client_tells_it(run, ctx, configuration, vault, case):
    method = {"sign_in": "oauth_client_credentials", "client_id": "1"} if case == "no client secret" else {}
    server, credential = add_server(configuration, **method)
    if case == "for another server":
        place = Origin.of("https://other.invalid/")
        vault.put(credential.id, credential.name, credential.account, Secret("one"), [place])
    if case == "no credential":
        before = server.model_dump()
        server.credential_id = None
        server = configuration.save(server, base=before)

    async def story():
        view = await ServiceNameChecker(ctx).view(server.id)
        assert shown(view.problem) == shown(await told_by_client(ctx.workspace, server.id))
        assert (view.host, view.rows) == ("one.invalid", [])

    run(story())
