"""The whole way from a policy to a practice instance, for stories about the approval window."""

from models.addresses import Origin
from models.kinds import Kind
from models.reference_lists import dump_references
from services.common.secret import Secret


def make_way(configuration, vault, practice, *, production=False, with_policy=True):
    """Store the objects of the way; returns them by kind."""

    def make(kind, **values):
        return configuration.save(configuration.new(kind, **values))

    account = practice.accounts["privman.integration"]
    credential = make(Kind.USER_CREDENTIAL, name="ServiceNow", account=account.user)
    origin = Origin.of(practice.base_url)
    vault.put(credential.id, credential.name, account.user, Secret(account.password), [origin])
    server = make(
        Kind.FOREIGN_SYSTEM,
        name="Practice",
        base_url=practice.base_url,
        credential_id=credential.id,
        production=production,
    )
    item = practice.records("sc_cat_item", name="Execute Application Request")[0]
    process = make(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id, request_item_id=item["sys_id"])
    kind = make(Kind.APPROVAL_TYPE, name="Type", process_id=process.id)
    texts = '{"": {"ApplicationTitle": "Ask first"}}'
    made = [server, process, kind, make(Kind.ACTION, name="Form", type_id=kind.id, texts=texts)]
    if with_policy:
        made.append(
            make(
                Kind.POLICY,
                name="Elevate installers",
                action_ids=dump_references([made[-1].id]),
                item_id="11111111-1111-4111-8111-111111111111",
            )
        )
    return {type(one).kind: one for one in made}
