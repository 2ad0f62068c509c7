"""Past checks: kept with their stages, without secrets, and read back newest first."""

import json

import pytest

from models.kinds import Kind
from services.common import redaction
from services.common.secret import Secret
from services.configuration import Configuration
from services.connectivity import CheckReport, StageResult, StageState
from services.connectivity.check_history import (
    ALL_GOOD,
    CheckSignIn,
    find_last_sign_in,
    get_check_sign_in,
    last_verdicts,
    past_checks,
    save_check,
    summarize_findings,
)
from services.store import Store
from services.vault.session_vault import SessionVault


@pytest.fixture
def store(tmp_path):
    opened = Store.open(str(tmp_path / "checks.db"), actor="ada")
    yield opened
    opened.close()


@pytest.fixture
def server(store):
    configuration = Configuration(store)
    return configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Server", base_url="https://acme.service-now.com/")
    )


@pytest.fixture
def processes(store, server):
    configuration = Configuration(store)
    made = [configuration.new(Kind.APPROVAL_PROCESS, name=n, server_id=server.id) for n in ("One", "Two")]
    return [configuration.save(p) for p in made]


def report(state="ok", evidence="seen"):
    return CheckReport(
        "Server",
        [
            StageResult("url", StageState.OK, "https"),
            StageResult(
                "tls", StageState(state), evidence, "tls-failed", "No TLS.", "network", "Look.", 12.4
            ),
        ],
        40.0,
    )


def test_a_check_comes_back_as_it_was(store, server, processes):
    kept = save_check(store, server, report("warning"), processes[0])
    assert past_checks(store, server.id) == [kept]
    assert (kept.verdict, kept.by, kept.process, kept.unsaved) == ("warning", "ada", "One", False)
    assert kept.finding == "No TLS."
    assert [s.stage for s in kept.stages] == ["url", "tls"]
    assert kept.stages[1].ms == 12
    assert store.verify_audit().ok


def test_no_secret_is_kept(store, server):
    redaction.remember_secret("canary-4714-long")
    save_check(store, server, report("failed", "sent canary-4714-long, password=hunter2"))
    [kept] = past_checks(store, server.id)
    assert "canary" not in json.dumps(kept.stages[1].as_dict())
    assert "hunter2" not in kept.stages[1].evidence


def test_the_last_thirty_are_read_newest_first(store, server):
    for number in range(32):
        save_check(store, server, report("failed" if number == 31 else "ok"))
    checks = past_checks(store, server.id)
    assert len(checks) == 30
    assert checks[0].verdict == "failed"
    assert [c.at for c in checks] == sorted((c.at for c in checks), reverse=True)
    assert checks[1].finding == ALL_GOOD


def test_a_server_stands_as_badly_as_the_worst_of_its_processes(store, server, processes):
    assert last_verdicts(store).get(server.id, "") == ""
    assert last_verdicts(store) == {}
    one, two = processes
    save_check(store, server, report("failed"))
    assert last_verdicts(store).get(server.id, "") == "failed"
    save_check(store, server, report("warning"), one)
    assert last_verdicts(store).get(server.id, "") == "warning"
    save_check(store, server, report("ok"), two)
    assert last_verdicts(store) == {server.id: "warning"}
    save_check(store, server, report("ok"), one)
    assert last_verdicts(store).get(server.id, "") == "ok"


def test_what_was_typed_and_not_saved_says_nothing_about_the_server(store, server):
    save_check(store, server, report("ok"))
    save_check(store, server, report("failed"), unsaved=True)
    assert last_verdicts(store).get(server.id, "") == "ok"
    assert past_checks(store, server.id)[0].unsaved


def test_the_finding_is_the_worst_one():
    both = [
        StageResult("url", StageState.WARNING, "odd"),
        StageResult("tls", StageState.FAILED, "no", cause="No TLS."),
    ]
    assert summarize_findings(both) == "No TLS. (1 more)"


# -- when a password was accepted last ------------------------------------------------------------------------

ORIGIN = "https://acme.service-now.com"
USED = CheckSignIn("privman.integration", ORIGIN, "0123456789abcdef")


def signing_in(state="ok", account="ok"):
    fault = "account-interactive" if account == "warning" else None
    stages = [
        StageResult("authentication", StageState(state), "seen"),
        StageResult("account", StageState(account), "seen", fault),
    ]
    return CheckReport("Server", stages, 40.0)


def test_the_last_check_that_signed_in_with_this_password_is_found(store, server):
    assert find_last_sign_in(store, server.id, USED) is None
    save_check(store, server, signing_in(), used=USED)
    newer = save_check(store, server, signing_in("warning"), used=USED)
    save_check(store, server, signing_in("failed"), used=USED)
    save_check(store, server, signing_in("skipped"), used=USED)
    found = find_last_sign_in(store, server.id, USED)
    assert (found.at, found.interactive) == (newer.at, False)


def test_whether_the_account_was_interactive_then_is_told(store, server):
    save_check(store, server, signing_in(account="warning"), used=USED)
    assert find_last_sign_in(store, server.id, USED).interactive
    save_check(store, server, signing_in(), used=USED)
    assert not find_last_sign_in(store, server.id, USED).interactive


@pytest.mark.parametrize(
    "other",
    [
        CheckSignIn("another.account", ORIGIN, USED.mark),
        CheckSignIn(USED.account, "https://acmedev.service-now.com", USED.mark),
        CheckSignIn(USED.account, ORIGIN, "fedcba9876543210"),
        None,
    ],
)
def test_another_account_instance_or_password_says_nothing(store, server, other):
    save_check(store, server, signing_in(), used=other)
    assert find_last_sign_in(store, server.id, USED) is None


def test_checks_of_another_server_say_nothing(store, server):
    configuration = Configuration(store)
    second = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Second", base_url="https://acme.service-now.com/")
    )
    save_check(store, second, signing_in(), used=USED)
    assert find_last_sign_in(store, server.id, USED) is None
    assert find_last_sign_in(store, server.id, None) is None


def test_what_a_check_signs_in_with_is_known_by_the_mark_of_the_vault(store, server):
    configuration, vault = Configuration(store), SessionVault()
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
    assert get_check_sign_in(vault, server, None) is None
    assert get_check_sign_in(vault, server, credential) is None
    vault.put(credential.id, credential.name, "a", Secret("one"), [server.origin])
    used = get_check_sign_in(vault, server, credential)
    assert (used.account, used.origin) == ("a", str(server.origin))
    assert used == get_check_sign_in(vault, server, credential)
    vault.put(credential.id, credential.name, "a", Secret("two"), [server.origin])
    assert get_check_sign_in(vault, server, credential) != used
