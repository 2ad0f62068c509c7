"""`expiries` at the command line: one JSON document, a table for people, and the same calendar with a limit."""

from datetime import UTC, datetime, timedelta

import pytest

from models.kinds import Kind
from services.common.user_folders import Paths
from services.configuration import Configuration
from services.store import Store


@pytest.fixture
def filled(own_store, tmp_path):
    store = Store.open(Paths.of().default_store, actor="ada")
    configuration = Configuration(store)
    for name, days in (("Soon", 3), ("Later", 90)):
        configuration.save(
            configuration.new(
                Kind.USER_CREDENTIAL,
                name=name,
                account="a",
                secret_expires_on=(datetime.now(UTC).astimezone().date() + timedelta(days=days)).isoformat(),
            )
        )
    missing = str(tmp_path / "missing.pem")
    configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name="Server", base_url="https://a.example/", client_certificate=missing
        )
    )
    store.close()


def test_the_calendar_as_json_and_as_a_table(cli, filled):
    listed = cli("expiries", "--json")
    assert listed.status == 0
    found = listed.json["expiries"]
    assert [(one["object"]["name"], one["days_left"], one["state"]) for one in found] == [
        ("Soon", 3, "warning"),
        ("Later", 90, "ok"),
        ("Server", None, "unreadable"),
    ]
    assert set(found[0]) == {
        "kind",
        "object",
        "expires_at",
        "days_left",
        "state",
        "detail",
        "remedy",
        "owner",
    }
    assert found[0]["object"]["kind"] == "user_credential"
    near = cli("expiries", "--within", "30", "--json").json["expiries"]
    assert [one["object"]["name"] for one in near] == ["Soon", "Server"]
    table = cli("expiries")
    assert table.status == 0
    assert "password\tUser Credential Soon\t" in table.out
    assert "missing.pem cannot be read" in table.out
    assert cli("expiries", "--within", "-1").status == 2
