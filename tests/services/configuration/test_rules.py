"""Fields of every kind: defaults, limits and sentences, and values that come back as they were entered."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.action import Platform
from models.approval_process import DURATION_MAX_S
from models.base import NAME_MAX, TEXT_MAX
from models.kinds import KINDS, Kind
from models.server_fields import URL_MAX
from models.tables import model_for_kind
from models.user_credential import UserCredential
from services.common.errors import InvalidError
from services.configuration.validation import field_errors

pytestmark = pytest.mark.every_database

NOWHERE = uuid.UUID(int=7)
VALID = {
    Kind.USER_CREDENTIAL: {"name": "N", "account": "a"},
    Kind.FOREIGN_SYSTEM: {"name": "N", "base_url": "https://a.service-now.com/"},
    Kind.APPROVAL_PROCESS: {"name": "N"},
    Kind.APPROVAL_TYPE: {"name": "N"},
    Kind.PRIVILEGE_MANAGER_SERVER: {"name": "N", "base_url": "https://pm.example.com/TMS/"},
    Kind.ACTION: {"name": "N"},
    Kind.POLICY: {"name": "N"},
}


def errors_of(kind, **values):
    return [(e.name, e.message) for e in field_errors(model_for_kind(kind)(**{**VALID[kind], **values}))]


def test_new_objects_have_the_vendor_s_defaults(configuration):
    credential = configuration.new(Kind.USER_CREDENTIAL)
    assert (credential.name, credential.description, credential.account) == ("New User Credential", "", "")
    server = configuration.new(Kind.FOREIGN_SYSTEM)
    assert (server.name, server.base_url, server.credential_id) == ("New ServiceNow Server", "", None)
    assert (server.production, server.ca_bundle, server.client_certificate, server.proxy) == (
        False,
        None,
        None,
        None,
    )
    process = configuration.new(Kind.APPROVAL_PROCESS)
    assert process.name == "New ServiceNow Approval Process"
    assert (process.check_every_s, process.timeout_after_s) == (20, 1200)
    assert process.create_service == "CreateExecuteAppApprovalRequest"
    assert process.status_service == "GetExecuteAppApprovalRequestStatus"
    assert process.cancel_service == "CancelExecuteAppApprovalRequest"
    assert (process.server_id, process.request_item_id) == (None, "")
    approval_type = configuration.new(Kind.APPROVAL_TYPE)
    assert (approval_type.policy_specific, approval_type.file_specific) == (False, True)
    assert approval_type.process_id is None
    assert all(configuration.new(kind).version == 0 for kind in Kind)


def test_a_new_object_may_be_given_values(configuration):
    item = configuration.new(Kind.USER_CREDENTIAL, name="Mine", account="a")
    assert (item.name, item.account) == ("Mine", "a")


@pytest.mark.parametrize("kind", Kind)
def test_what_is_valid_has_no_errors_up_to_the_limits(kind):
    assert errors_of(kind) == []
    assert errors_of(kind, name="x" * NAME_MAX, description="☃" * TEXT_MAX) == []
    assert errors_of(kind, description="x" * (TEXT_MAX + 1)) == [
        ("description", "is longer than 4000 characters")
    ]
    assert errors_of(kind, description="a\x00b\x1b") == [
        ("description", "contains control characters (U+0000, U+001B)")
    ]
    assert errors_of(kind, description="two\nlines\tand a tab") == []


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (Kind.USER_CREDENTIAL, {"account": ""}, ("account", "is empty")),
        (Kind.USER_CREDENTIAL, {"account": "a" * 256}, ("account", "is longer than 255 characters")),
        (Kind.USER_CREDENTIAL, {"account": "a\nb"}, ("account", "contains control characters (U+000A)")),
        (
            Kind.FOREIGN_SYSTEM,
            {"base_url": "http://a.service-now.com/"},
            ("base_url", "http:// sends the password unencrypted"),
        ),
        (
            Kind.FOREIGN_SYSTEM,
            {"base_url": "https://a/\x00"},
            ("base_url", "contains control characters (U+0000)"),
        ),
        (
            Kind.FOREIGN_SYSTEM,
            {"base_url": f"https://a/{'x' * URL_MAX}"},
            ("base_url", "is longer than 2048"),
        ),
        (Kind.PRIVILEGE_MANAGER_SERVER, {"base_url": ""}, ("base_url", "is empty; it looks like")),
        (
            Kind.PRIVILEGE_MANAGER_SERVER,
            {"base_url": "https://pm/TMS/Setup"},
            ("base_url", "is the address of a page in Privilege Manager; the base URL of this server is"),
        ),
        (Kind.ACTION, {"approval_type_guid": "2A3F"}, ("approval_type_guid", "is not a GUID")),
        (Kind.ACTION, {"platform": "linux"}, ("platform", "must be one of windows, macos")),
        (Kind.ACTION, {"texts": "[]"}, ("texts", "must contain texts by language")),
        (Kind.ACTION, {"texts": '{"": {"Title": "x"}}'}, ("texts", "has the unknown text Title")),
        (Kind.POLICY, {"action_ids": "{}"}, ("action_ids", "must be a list of ids")),
        (Kind.POLICY, {"action_ids": '["x"]'}, ("action_ids", "badly formed")),
        (Kind.FOREIGN_SYSTEM, {"proxy": "http://ada:x@proxy"}, ("proxy", "carries a user name")),
        (Kind.FOREIGN_SYSTEM, {"ca_bundle": "a\nb"}, ("ca_bundle", "contains control characters (U+000A)")),
        (Kind.APPROVAL_PROCESS, {"check_every_s": 9}, ("check_every_s", "is less than 10 seconds")),
        (Kind.APPROVAL_PROCESS, {"check_every_s": -1}, ("check_every_s", "is less than 10 seconds")),
        (Kind.APPROVAL_PROCESS, {"check_every_s": None}, ("check_every_s", "is not valid: ")),
        (Kind.APPROVAL_PROCESS, {"timeout_after_s": 59}, ("timeout_after_s", "is less than 1 minute")),
        (
            Kind.APPROVAL_PROCESS,
            {"timeout_after_s": DURATION_MAX_S + 1},
            ("timeout_after_s", "is more than 4 weeks"),
        ),
        (
            Kind.APPROVAL_PROCESS,
            {"check_every_s": DURATION_MAX_S + 1},
            ("check_every_s", "is more than 4 weeks"),
        ),
        (Kind.APPROVAL_PROCESS, {"create_service": ""}, ("create_service", "is empty")),
        (Kind.APPROVAL_PROCESS, {"status_service": ""}, ("status_service", "is empty")),
        (
            Kind.APPROVAL_PROCESS,
            {"cancel_service": "x" * 256},
            ("cancel_service", "is longer than 255 characters"),
        ),
        (
            Kind.APPROVAL_PROCESS,
            {"request_item_id": "a" * 33},
            ("request_item_id", "is longer than 32 characters"),
        ),
        (Kind.APPROVAL_TYPE, {"policy_specific": "perhaps"}, ("policy_specific", "is not valid: ")),
    ],
)
def test_what_is_not_valid_is_said_beside_its_field_and_not_stored(configuration, kind, values, expected):
    ((name, message),) = errors_of(kind, **values)
    assert name == expected[0]
    assert message.startswith(expected[1])
    item = model_for_kind(kind)(**{**VALID[kind], **values})
    with pytest.raises(InvalidError) as caught:
        configuration.save(item)
    assert [(e.name, e.message) for e in caught.value.fields] == [(name, message)]
    assert caught.value.exit_status == 2
    assert configuration.all(kind) == []
    assert configuration.history_all() == []


@pytest.mark.parametrize(("seconds", "field"), [(10, "check_every_s"), (60, "timeout_after_s")])
def test_durations_reach_from_their_least_to_four_weeks(seconds, field):
    assert errors_of(Kind.APPROVAL_PROCESS, **{field: seconds}) == []
    assert errors_of(Kind.APPROVAL_PROCESS, **{field: 4 * 7 * 24 * 3600}) == []


def test_every_wrong_field_is_named_at_once():
    found = errors_of(Kind.APPROVAL_PROCESS, name="", check_every_s=1, timeout_after_s=1, create_service="")
    assert [name for name, _ in found] == ["name", "create_service", "check_every_s", "timeout_after_s"]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (Kind.FOREIGN_SYSTEM, "credential_id"),
        (Kind.APPROVAL_PROCESS, "server_id"),
        (Kind.APPROVAL_TYPE, "process_id"),
    ],
)
def test_a_reference_to_something_gone_is_refused(configuration, kind, column):
    item = model_for_kind(kind)(**VALID[kind], **{column: NOWHERE})
    assert [e.name for e in configuration.check(item)] == [column]
    with pytest.raises(InvalidError) as caught:
        configuration.save(item)
    assert caught.value.problem.evidence == f"{column}: points at an object that no longer exists"


def test_a_check_of_a_form_tells_field_and_store_errors_together(configuration, make):
    make(Kind.USER_CREDENTIAL, name="Taken")
    found = configuration.check(UserCredential(name="taken", account=""))
    assert [e.name for e in found] == ["account", "name"]
    assert configuration.check(UserCredential(name=None, account="a"))[0].name == "name"


def test_a_base_url_is_stored_in_its_normal_form(configuration, make):
    server = make(Kind.FOREIGN_SYSTEM, base_url=" ACME.service-now.com:443 ", proxy="")
    assert configuration.get(Kind.FOREIGN_SYSTEM, server.id).base_url == "https://acme.service-now.com/"
    assert server.proxy is None
    assert str(server.origin) == "https://acme.service-now.com:443"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60) | st.sampled_from(
    ["& < > \" ' ]]>", "😀" * 40, "two\nlines", "'; DROP TABLE user_credential; --", "\ufeff", "{}"]
)
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40)
seconds = st.integers(60, DURATION_MAX_S)
FIELDS = {
    Kind.USER_CREDENTIAL: {"account": names},
    Kind.FOREIGN_SYSTEM: {"production": st.booleans(), "ca_bundle": st.none() | names},
    Kind.APPROVAL_PROCESS: {
        "check_every_s": seconds,
        "timeout_after_s": seconds,
        "create_service": names,
        "request_item_name": texts,
    },
    Kind.APPROVAL_TYPE: {"policy_specific": st.booleans(), "file_specific": st.booleans()},
    Kind.PRIVILEGE_MANAGER_SERVER: {"production": st.booleans(), "ca_bundle": st.none() | names},
    Kind.ACTION: {"copy_of": names, "require_authentication": st.booleans()},
    Kind.POLICY: {"active": st.booleans(), "platform": st.sampled_from(Platform).map(str)},
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(Kind), description=texts)
def test_what_is_stored_comes_back_as_it_was_to_any_console(configuration, other, data, kind, description):
    values = {name: data.draw(strategy, label=name) for name, strategy in FIELDS[kind].items()}
    item = configuration.new(
        kind, **{**VALID[kind], **values, "name": KINDS[kind].new_name}, description=description
    )
    saved = configuration.save(item, "A note ☃")
    found = other.get(kind, item.id)
    assert found.model_dump() == saved.model_dump()
    for name, value in {**values, "description": description}.items():
        assert getattr(found, name) == value
    assert (found.version, found.created_by, found.changed_by) == (1, "ada", "ada")
    (revision,) = other.history(kind, item.id)
    assert (revision.operation, revision.number, revision.by, revision.note) == (
        "create",
        1,
        "ada",
        "A note ☃",
    )
    assert {c.name: c.after for c in revision.changes}["description" if description else "name"] == (
        description or saved.name
    )


def test_saving_does_not_touch_the_object_of_the_caller(configuration):
    item = configuration.new(Kind.FOREIGN_SYSTEM, base_url="acme.service-now.com")
    before = item.model_dump()
    saved = configuration.save(item)
    assert item.model_dump() == before
    assert saved is not item
