"""What a document would change, and changing it: nothing when it was exported, all of it or nothing, references by name."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from models.action import Platform
from models.base import name_key
from models.kinds import Kind
from models.reference_lists import dump_references
from models.tables import model_for_kind
from models.window_texts import TextKey, dump_window_texts
from services.common.errors import ConflictError, InvalidError
from services.configuration import Configuration
from services.store import Store
from services.transfer import DocumentError, apply_plan, export_document, plan_document, read_document

pytestmark = pytest.mark.every_database

WHOLE = """\
version: 1
credentials:
  - {name: ServiceNow, account: a}
foreign_systems:
  - {name: Server, base_url: "https://acme.service-now.com/", credential: ServiceNow, production: true}
approval_processes:
  - {name: Process, server: Server, request_item: {name: Item, category: C, sys_id: 0123456789abcdef}}
approval_types:
  - {name: Type, process_handler: Process}
"""


def planned(source, configuration):
    return plan_document(read_document(source), configuration)


def applied(source, configuration):
    made = planned(source, configuration)
    apply_plan(made, configuration)
    return made


def operations(made):
    return [(c.operation, c.name) for c in made.changes]


def mistakes_of(source, configuration):
    with pytest.raises(DocumentError) as caught:
        planned(source, configuration)
    return [str(m) for m in caught.value.mistakes]


def test_an_empty_store_is_filled_and_references_hold(configuration):
    made = applied(WHOLE, configuration)
    assert made.summary == {"create": 4, "update": 0, "keep": 0}
    server = configuration.named(Kind.FOREIGN_SYSTEM, "server")
    process = configuration.named(Kind.APPROVAL_PROCESS, "Process")
    assert server.credential_id == configuration.named(Kind.USER_CREDENTIAL, "ServiceNow").id
    assert process.server_id == server.id
    assert configuration.named(Kind.APPROVAL_TYPE, "Type").process_id == process.id
    assert (process.request_item_id, process.request_item_category) == ("0123456789abcdef", "C")
    assert configuration.history(Kind.APPROVAL_PROCESS, process.id)[0].note == "Applied from a document"


def test_applying_twice_changes_nothing_the_second_time(configuration):
    applied(WHOLE, configuration)
    again = applied(WHOLE, configuration)
    assert again.empty
    assert {i.version for kind in Kind for i in configuration.all(kind)} == {1}
    assert len(configuration.history_all()) == 4


def test_what_a_document_does_not_name_is_left_alone(configuration):
    applied(WHOLE, configuration)
    made = applied(
        "version: 1\ncredentials:\n- {name: servicenow, account: b}\n- {name: Other, account: c}\n",
        configuration,
    )
    assert operations(made) == [("update", "servicenow"), ("create", "Other")]
    assert made.changes[0].fields == {"name": ("ServiceNow", "servicenow"), "account": ("a", "b")}
    assert configuration.named(Kind.FOREIGN_SYSTEM, "Server").production is True
    assert [i.name for i in configuration.all(Kind.USER_CREDENTIAL)] == ["Other", "servicenow"]


def test_keys_that_are_left_out_keep_their_values_and_null_takes_references_away(configuration):
    applied(WHOLE, configuration)
    made = applied(
        'version: 1\nforeign_systems:\n- {name: Server, base_url: "acme.service-now.com"}\n', configuration
    )
    assert made.empty
    made = applied(
        'version: 1\nforeign_systems:\n- {name: Server, base_url: "acme.service-now.com", credential: null}\n',
        configuration,
    )
    assert list(made.changes[0].fields) == ["credential_id"]
    assert configuration.named(Kind.FOREIGN_SYSTEM, "Server").credential_id is None


def test_unknown_names_are_refused_with_line_and_nearest_name(configuration):
    applied(WHOLE, configuration)
    source = (
        "version: 1\n"
        "approval_processes:\n"
        "- {name: P, server: Servr}\n"
        "approval_types:\n"
        "- name: T\n"
        "  process_handler: Quite Another\n"
    )
    assert mistakes_of(source, configuration) == [
        "line 3, column 21: no ServiceNow Server is called “Servr”; did you mean “Server”",
        "line 6, column 20: no Approval Process is called “Quite Another”",
    ]


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        (
            "approval_processes:\n- {name: P, check_status_every: 5s}\n",
            "line 3, column 33: check_status_every is less than 10 seconds",
        ),
        (
            "approval_processes:\n- {name: P, timeout_after: 5w}\n",
            "line 3, column 28: timeout_after is more than 4 weeks",
        ),
        (
            "approval_processes:\n- {name: P, timeout_after: 999999999w}\n",
            "line 3, column 28: timeout_after is more than 4 weeks",
        ),
        (
            "approval_processes:\n- {name: P, create_service: ''}\n",
            "line 3, column 29: create_service is empty",
        ),
        (
            f"approval_processes:\n- {{name: P, request_item: {{sys_id: {'a' * 33}}}}}\n",
            "line 3, column 36: request_item sys_id is longer than 32 characters",
        ),
        (
            f"credentials:\n- {{name: {'n' * 256}, account: a}}\n",
            "line 3, column 10: name is longer than 255 characters",
        ),
        ("credentials:\n- {name: '', account: a}\n", "line 3, column 10: name is empty"),
        ("credentials:\n- {name: ' A', account: a}\n", "line 3, column 10: name begins or ends with a space"),
        (
            'credentials:\n- {name: "A\\tB\\x01", account: a}\n',
            "line 3, column 10: name contains control characters (U+0001, U+0009)",
        ),
        (
            "foreign_systems:\n- {name: S, base_url: 'http://acme.service-now.com/'}\n",
            "line 3, column 23: base_url http:// sends the password unencrypted; use https://",
        ),
        (
            "foreign_systems:\n- {name: S, base_url: 'https://u:hunter2@acme.service-now.com/'}\n",
            "line 3, column 23: base_url carries a user name or password; they belong in the User Credential",
        ),
        (
            "foreign_systems:\n- {name: S, base_url: acme.example, proxy: 'http://u:hunter2@proxy:8080'}\n",
            "line 3, column 44: proxy carries a user name; a proxy's password does not belong in its address",
        ),
    ],
)
def test_values_that_cannot_be_stored_are_refused_where_they_stand(configuration, entry, mistake):
    assert mistakes_of(f"version: 1\n{entry}", configuration) == [mistake]
    assert configuration.history_all() == []


class TestSysIdThatIsLeftOut:
    """It was found for one item on one server; it is kept as long as both are the same."""

    @pytest.mark.parametrize(
        "item", ["{name: Item, category: C}", "{name: Item, category: C, sys_id: null}", "{name: Item}"]
    )
    def test_is_kept_for_the_same_item(self, configuration, item):
        applied(WHOLE, configuration)
        source = (
            f"version: 1\napproval_processes:\n- {{name: Process, server: Server, request_item: {item}}}\n"
        )
        assert planned(source, configuration).empty

    @pytest.mark.parametrize(
        "item",
        [
            "{name: Another, category: C}",
            "{name: Another, category: C, sys_id: null}",
            "{name: Item, category: D}",
        ],
    )
    def test_is_looked_for_again_for_another_item(self, configuration, item):
        applied(WHOLE, configuration)
        source = f"version: 1\napproval_processes:\n- {{name: Process, request_item: {item}}}\n"
        [change] = planned(source, configuration).changes
        assert change.fields["request_item_id"] == ("0123456789abcdef", "")

    def test_is_looked_for_again_on_another_server(self, configuration):
        applied(WHOLE, configuration)
        source = (
            "version: 1\nforeign_systems:\n- {name: Test, base_url: test.service-now.com}\n"
            "approval_processes:\n- {name: Process, server: Test, request_item: {name: Item, category: C}}\n"
        )
        change = planned(source, configuration).changes[1]
        assert change.fields["request_item_id"] == ("0123456789abcdef", "")

    def test_is_looked_for_again_when_the_server_is_another_instance_now(self, configuration):
        applied(WHOLE, configuration)
        source = WHOLE.replace("acme", "test").replace("sys_id: 0123456789abcdef", "sys_id: null")
        change = planned(source, configuration).changes[2]
        assert change.fields == {"request_item_id": ("0123456789abcdef", "")}


class TestOneTransaction:
    def test_a_failure_in_the_middle_leaves_nothing(self, configuration):
        made = planned(WHOLE, configuration)

        @event.listens_for(configuration.store.engine, "before_cursor_execute")
        def break_at_the_third_kind(_connection, _cursor, statement, *_more):
            if statement.startswith("INSERT INTO approval_process"):
                raise OSError("the disk is full")

        with pytest.raises(OSError, match="disk is full"):
            apply_plan(made, configuration)
        assert [configuration.all(kind) for kind in Kind] == [[] for _ in Kind]
        assert configuration.history_all() == []
        assert configuration.store.verify_audit().checked == 0

    def test_a_change_by_somebody_else_since_the_plan_refuses_all_of_it(self, configuration, store):
        applied(WHOLE, configuration)
        source = WHOLE.replace("account: a", "account: b").replace("sys_id: 0123", "sys_id: 9123")
        made = planned(source, configuration)
        other = Store.open(store.url, actor="grace")
        theirs = Configuration(other)
        process = theirs.named(Kind.APPROVAL_PROCESS, "Process")
        process.description = "Changed by grace"
        theirs.save(process)
        other.close()
        with pytest.raises(ConflictError):
            apply_plan(made, configuration)
        assert configuration.named(Kind.USER_CREDENTIAL, "ServiceNow").account == "a"
        assert configuration.named(Kind.APPROVAL_PROCESS, "Process").description == "Changed by grace"
        assert configuration.store.verify_audit().ok

    def test_a_name_that_was_taken_since_the_plan_refuses_all_of_it(self, configuration, store):
        made = planned(WHOLE, configuration)
        configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="type"))
        with pytest.raises(InvalidError) as caught:
            apply_plan(made, configuration)
        assert caught.value.problem.evidence == "name: this name is already in use"
        assert configuration.all(Kind.USER_CREDENTIAL) == []


texts = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda c: ord(c) >= 32 or c in "\n\t"), max_size=30
)
names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30).map(
    str.strip
).filter(bool) | st.sampled_from(["yes", "null", "1", "2026-01-31", "- a", "{a: b}", "#", "~", "'"])
seconds = st.integers(60, 4 * 7 * 24 * 3600)


window_texts = st.dictionaries(
    st.sampled_from(["", "de", "pt-BR"]),
    st.dictionaries(st.sampled_from([key.value for key in TextKey]), texts, min_size=1),
)


@st.composite
def configurations(draw):
    """Rows of each kind with references to earlier ones, and names that differ as the store asks for."""
    made = {kind: [] for kind in Kind}
    refers_to = {
        Kind.FOREIGN_SYSTEM: ("credential_id", Kind.USER_CREDENTIAL),
        Kind.APPROVAL_PROCESS: ("server_id", Kind.FOREIGN_SYSTEM),
        Kind.APPROVAL_TYPE: ("process_id", Kind.APPROVAL_PROCESS),
        Kind.PRIVILEGE_MANAGER_SERVER: ("credential_id", Kind.USER_CREDENTIAL),
        Kind.ACTION: ("type_id", Kind.APPROVAL_TYPE),
        Kind.POLICY: ("server_id", Kind.PRIVILEGE_MANAGER_SERVER),
    }
    for kind in Kind:
        own = {
            Kind.USER_CREDENTIAL: {"account": names},
            Kind.FOREIGN_SYSTEM: {
                "base_url": st.sampled_from(
                    ["https://a.example/", "http://localhost:81/x/", "https://[::1]:8443/"]
                ),
                "production": st.booleans(),
                "ca_bundle": st.none() | names,
                "proxy": st.none() | st.just("http://proxy:8080"),
                "minimum_interval_s": st.sampled_from([1, 30, 45, 60, 3600]),
            },
            Kind.APPROVAL_PROCESS: {
                "check_every_s": seconds,
                "timeout_after_s": seconds,
                "request_item_name": texts,
                "request_item_category": texts,
                "request_item_id": st.text("0123456789abcdef", max_size=32),
                "create_service": names,
            },
            Kind.APPROVAL_TYPE: {"policy_specific": st.booleans(), "file_specific": st.booleans()},
            Kind.PRIVILEGE_MANAGER_SERVER: {
                "base_url": st.sampled_from(["https://pm.example/TMS/", "http://localhost:82/Tms/"]),
                "proxy": st.none() | st.just("http://proxy:8080"),
            },
            Kind.ACTION: {
                "copy_of": names,
                "approval_type_guid": st.just("") | st.uuids().map(str),
                "platform": st.sampled_from(Platform).map(str),
                "texts": window_texts.map(dump_window_texts),
            },
            Kind.POLICY: {
                "active": st.booleans(),
                "item_id": st.just("") | st.uuids().map(str),
                "action_ids": st.lists(
                    st.sampled_from([i.id for i in made[Kind.ACTION]] or [None]), unique=True
                ).map(lambda ids: dump_references(one for one in ids if one is not None)),
            },
        }[kind]
        for name in draw(st.lists(names, max_size=3, unique_by=name_key)):
            values = {column: draw(strategy) for column, strategy in own.items()}
            if kind in refers_to:
                column, target = refers_to[kind]
                values[column] = draw(st.none() | st.sampled_from([i.id for i in made[target]] or [None]))
                if kind == Kind.FOREIGN_SYSTEM:
                    ids = [i.id for i in made[target]] or [None]
                    values["proxy_credential_id"] = draw(st.none() | st.sampled_from(ids))
            made[kind].append(model_for_kind(kind)(name=name, description=draw(texts), **values))
    return made


def fill(store, rows):
    with store.write() as work:
        for kind in reversed(Kind):
            work.session.execute(delete(model_for_kind(kind)))
        for items in rows.values():
            for item in items:
                work.insert(type(item)(**item.model_dump()))


@settings(
    max_examples=max(20, settings().max_examples // 3),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(configurations())
def test_what_was_exported_plans_nothing_and_makes_the_same_elsewhere(store, configuration, rows):
    fill(store, rows)
    text = export_document(configuration)
    assert planned(text, configuration).empty
    in_ascii = export_document(configuration, ascii_only=True)
    assert in_ascii.isascii()
    assert planned(in_ascii, configuration).empty
    fill(store, {})
    made = applied(text, configuration)
    assert made.summary["create"] == len(made.changes) == sum(len(items) for items in rows.values())
    assert export_document(configuration) == text


@pytest.mark.parametrize(
    "between", ["\x85", "\u2028", "\u2029", "\n", "\t", "\x7f", "\x9f", "\ufeff", "\ufffe", ": ", " #", "😀"]
)
def test_rare_characters_survive_an_export(configuration, between):
    in_names = between if between in ("\ufeff", "\ufffe", ": ", " #", "😀") else ""  # names stand on one line
    configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL,
            name=f"A{in_names}B",
            account=f"{in_names}x{in_names}",
            description=f"{between}x{between}",
        )
    )
    assert planned(export_document(configuration), configuration).empty
    assert planned(export_document(configuration, ascii_only=True), configuration).empty


def test_an_export_names_every_key_and_no_secret(configuration):
    applied(WHOLE, configuration)
    text = export_document(configuration)
    assert text == export_document(configuration)
    assert [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")] == [
        f"{section}:"
        for section in ("credentials", "foreign_systems", "approval_processes", "approval_types")
    ]
    for key in ("ca_bundle: null", "check_status_every: 20s", "timeout_after: 20m", "kind: servicenow"):
        assert key in text
    assert "password" not in text


def test_a_duration_is_written_in_the_largest_unit_that_keeps_it_whole(configuration):
    for number, (seconds_, written) in enumerate(
        [
            (60, "1m"),
            (61, "61s"),
            (3600, "1h"),
            (5400, "90m"),
            (86_400, "1d"),
            (604_800, "1w"),
            (90_000, "25h"),
        ]
    ):
        configuration.save(
            configuration.new(Kind.APPROVAL_PROCESS, name=f"P{number}", timeout_after_s=seconds_)
        )
        assert f"timeout_after: {written}\n" in export_document(configuration)


def test_what_is_as_usual_is_left_out_of_an_export_and_the_rest_is_written(configuration):
    applied(WHOLE, configuration)
    text = export_document(configuration)
    assert "proxy_credential" not in text
    assert "minimum_interval" not in text
    server = configuration.all(Kind.FOREIGN_SYSTEM)[0]
    server.minimum_interval_s = 90
    server.proxy_credential_id = server.credential_id = configuration.all(Kind.USER_CREDENTIAL)[0].id
    configuration.save(server)
    text = export_document(configuration)
    assert "minimum_interval: 90s" in text
    assert f"proxy_credential: {configuration.all(Kind.USER_CREDENTIAL)[0].name}" in text
    assert planned(text, configuration).empty


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0s", "minimum_interval is less than 1 second"),
        ("2h", "minimum_interval is more than 1 hour"),
        ("30", "minimum_interval must be a duration such as 20s, 20m or 1h, not int"),
    ],
)
def test_an_interval_that_cannot_be_is_refused_with_its_line(configuration, value, message):
    source = (
        f"version: 1\nforeign_systems:\n- {{name: S, base_url: acme.example, minimum_interval: {value}}}\n"
    )
    with pytest.raises(DocumentError) as caught:
        planned(source, configuration)
    assert [str(m) for m in caught.value.mistakes] == [f"line 3, column 55: {message}"]


def test_the_credential_of_a_proxy_is_named_and_must_exist(configuration):
    source = (
        "version: 1\nforeign_systems:\n- {name: S, base_url: acme.example, proxy_credential: None such}\n"
    )
    with pytest.raises(DocumentError) as caught:
        planned(source, configuration)
    [mistake] = caught.value.mistakes
    assert (mistake.place.line, mistake.message) == (3, "no User Credential is called “None such”")
