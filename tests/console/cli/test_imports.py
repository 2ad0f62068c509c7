"""What a command imports: nothing that could call a server, for those that call none."""

import pytest

from services.store import Store
from tests.console.cli.test_help import called

OF_SERVERS = {
    "httpx",
    "zeep",
    "lxml",
    "keyring",
    "cryptography",
    "alembic",
    "rich",
    "click",
    "starlette",
    "sqlalchemy.dialects.postgresql",
    "services.servicenow",
    "services.privilege_manager",
    "services.connectivity",
}


@pytest.mark.parametrize(
    "words", [("requests", "list", "--limit", "20"), ("config", "export"), ("config", "plan", "one.yaml")]
)
def test_commands_that_call_no_server_import_nothing_that_could(tmp_path, words):
    place = str(tmp_path / "console.db")
    Store.open(place, actor="ada").close()
    (tmp_path / "one.yaml").write_text("version: 1\n", encoding="utf-8")
    status, _, _, modules = called(tmp_path, "--store", place, "--vault", "session", *words)
    assert status == 0
    assert modules & OF_SERVERS == set()


def test_a_list_imports_only_the_tables_that_it_reads(tmp_path):
    """What is written may refer to any table; the first unit of work imports the rest."""
    place = str(tmp_path / "console.db")
    Store.open(place, actor="ada").close()
    status, _, _, modules = called(tmp_path, "--store", place, "--vault", "session", "requests", "list")
    assert status == 0
    assert modules.isdisjoint({"models.policy", "models.task_run", "models.intake_event"})
