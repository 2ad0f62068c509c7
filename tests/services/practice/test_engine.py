"""What becomes of scripts that are broken, endless or greedy: a fault, and everybody else is answered meanwhile."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lxml import etree

from services.practice import PracticeInstance
from tests.limits import WAIT_S
from tests.services.practice.soaping import STATUS, call, envelope, fault_of, order

ENDLESS = {
    "nothing else": "while (true) {}",
    "what catches everything": "while (true) { try { throw 1; } catch (e) {} finally { continue; } }",
    "a regular expression": "/^(a+)+$/.test(new Array(60).join('a') + 'b');",
    "calls of the instance": "while (true) { gs.nil(gs.getProperty('instance_name')); }",
}


@pytest.fixture
def hasty():
    """An instance that gives scripts half a second, and a client of it."""
    with_limit = PracticeInstance(script_seconds=0.5).start()
    auth = ("privman.integration", with_limit.accounts["privman.integration"].password)
    with httpx.Client(base_url=with_limit.base_url, auth=auth, trust_env=False, timeout=WAIT_S) as client:
        yield with_limit, client
    with_limit.stop()


def add(instance, name, script):
    instance._database.insert(
        "sys_web_service", {"name": name, "active": True, "function_name": "execute", "script": script}
    )
    return name


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_script_is_stopped(hasty, script):
    instance, client = hasty
    said = fault_of(client, add(instance, "Endless", script))
    assert "Transaction cancelled: the script ran longer than 0.5 seconds." in said or "too often" in said
    assert instance.records("syslog", source="Endless")[0]["message"] == said
    assert call(client, STATUS, PMGetRequestId="none")["PMApprovalStatus"] == "invalid"


def test_an_endless_script_keeps_nobody_waiting():
    """While one script runs, tables, descriptions and other scripts are answered; stopping the instance ends it."""
    instance = PracticeInstance(script_seconds=600).start()
    auth = ("privman.integration", instance.accounts["privman.integration"].password)
    running = threading.Event()
    log = instance._scripts._engines._take
    instance._scripts._engines._take = lambda: (log(), running.set())[0]
    add(instance, "Endless", "while (true) {}")
    client = httpx.Client(base_url=instance.base_url, auth=auth, trust_env=False, timeout=WAIT_S)
    try:
        with client, ThreadPoolExecutor(1) as pool:
            endless = pool.submit(client.post, "Endless.do?SOAP", content=envelope())
            assert running.wait(WAIT_S)
            assert client.get("api/now/table/sc_catalog").status_code == 200
            assert client.get(f"{STATUS}.do?WSDL").status_code == 200
            assert len(order(client)) == 32
            assert not endless.done()
            (engine,) = instance._scripts._engines._busy
            instance.stop()
            assert endless.exception(WAIT_S) is not None or endless.result().status_code == 500
        assert not engine.alive
    finally:
        instance.stop()


GREEDY = {
    "texts": "var all = []; while (true) { all.push(new Array(100000).join('x')); }",
    "one text": "var s = 'x'; while (true) { s += s; }",
    "what it says": "response.a = new Array(90 * 1024 * 1024).join('x');",
    "caught": "var all = []; try { while (true) { all.push(new Array(100000).join('x')); } } catch (e) { all.push(all); throw e; }",
}


@pytest.mark.parametrize("script", GREEDY.values(), ids=GREEDY.keys())
def test_a_greedy_script_is_bounded(scripted, script):
    said = scripted.fault(script)
    assert "out of memory" in said or "string too long" in said or "Transaction cancelled" in said


def test_a_script_that_is_too_long_is_refused(scripted):
    assert "longer than an instance takes" in scripted.fault("//" + "x" * 1024 * 1024)


def test_a_script_that_calls_the_instance_too_often_is_stopped(scripted):
    said = scripted.fault("for (var i = 0; i < 1000000; i += 1) { gs.nowDateTime(); }")
    assert "too often" in said or "Transaction cancelled" in said


BROKEN = {
    "misspelt": ("resp.PMRequestId = 'x';", "ReferenceError: resp is not defined (line 2)"),
    "no such method": (
        "var gr = new GlideRecord('task');\ngr.qurey();",
        "TypeError: not a function (line 3)",
    ),
    "nothing there": ("\nvar x;\nx.y.z = 1;", "TypeError: cannot read property 'y' of undefined (line 4)"),
    "no JavaScript": ("var = 5;", "SyntaxError"),
    "unfinished": ("if (true) {", "SyntaxError"),
    "thrown": ("throw new Error('No & <such> item “x” ]]>');", "Error: No & <such> item “x” ]]> (line 2)"),
    "a text": ("throw 'plain words';", "plain words"),
    "two lines": ("throw new Error('one\\ntwo');", "Error: one\ntwo (line 2)"),
    "recursion": ("function f() { f(); } f();", "RangeError: Maximum call stack size exceeded (line 2)"),
    "half a character": ("throw new Error('\\ud83d');", "Error: "),
    "an order": (
        "new sn_sc.CartJS().orderNow({sysparm_id: 'none'});",
        "Error: The catalog item does not exist. (line 2)",
    ),
    "a name": ("response['not a name'] = 1;", "response has an output “not a name”"),
    "no XML": ("response.soapResponseElement = '<a';", "response.soapResponseElement is not well-formed XML"),
    "a document type": (
        "response.soapResponseElement = '<!DOCTYPE a><a/>';",
        "response.soapResponseElement is not well-formed XML: A document type",
    ),
    "no document": ("new XMLDocument('<a');", "Error: "),
}


@pytest.mark.parametrize(("script", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_script_breaks_the_call(practice, scripted, script, said):
    text = scripted.fault(script)
    assert text.startswith(said) if "(line" not in said else text == said
    assert practice.records("syslog", level="2")[-1]["message"] == text


def test_a_stock_script_that_somebody_breaks_breaks_the_call(practice, signed_in):
    admin, pm = signed_in("admin"), signed_in()
    row = practice.records("sys_web_service", name=STATUS)[0]
    broken = row["script"].replace("var items = findItems(id);", "var items = findItem(id);")
    assert broken != row["script"]
    for script, said in ((broken, "findItem is not defined"), (row["script"], "")):
        admin.patch(
            f"api/now/table/sys_web_service/{row['sys_id']}", json={"script": script}
        ).raise_for_status()
        if said:
            assert said in fault_of(pm, STATUS, PMGetRequestId="x")
        else:
            assert call(pm, STATUS, PMGetRequestId="x")["PMApprovalStatus"] == "invalid"


def test_a_script_leaves_nothing_for_the_next(scripted):
    scripted.run("kept = 'a'; Object.prototype.leaked = 1; GlideRecord = null; response.x = 1;")
    made = scripted.run(
        "response.kept = typeof kept; response.leaked = typeof ({}).leaked; response.gr = typeof GlideRecord;"
    )
    assert made == {"kept": "undefined", "leaked": "undefined", "gr": "function"}


def test_a_script_finds_no_way_out(scripted):
    names = [
        "__bridge",
        "__finish",
        "std",
        "os",
        "require",
        "process",
        "Packages",
        "java",
        "fetch",
        "scriptArgs",
    ]
    made = scripted.run("".join(f"response.{name} = typeof {name};" for name in names))
    assert set(made.values()) == {"undefined"}
    made = scripted.run(
        "response.a = typeof Function('return this')().__bridge; response.b = eval('typeof __bridge');"
    )
    assert set(made.values()) == {"undefined"}


def test_an_engine_that_dies_is_replaced(practice, signed_in):
    pm = signed_in()
    call(pm, STATUS, PMGetRequestId="x")
    for engine in practice._scripts._engines._free:
        os.kill(engine._process.pid, 9)
        engine._process.wait(WAIT_S)
    assert call(pm, STATUS, PMGetRequestId="x")["PMApprovalStatus"] == "invalid"


def test_stopping_leaves_no_engine_behind():
    instance = PracticeInstance().start()
    with httpx.Client(
        base_url=instance.base_url, auth=("admin", instance.accounts["admin"].password), trust_env=False
    ) as client:
        call(client, STATUS, PMGetRequestId="x")
    processes = [engine._process for engine in instance._scripts._engines._free]
    instance.stop()
    assert processes
    assert all(process.poll() is not None for process in processes)


def test_the_words_of_a_fault_are_well_formed(scripted, signed_in):
    name = scripted.add("throw new Error('a\\u000bb\\u001bc');")
    reply = signed_in().post(f"{name}.do?SOAP", content=envelope())
    assert reply.status_code == 500
    assert "Error: abc" in etree.fromstring(reply.content).findtext(".//faultstring")
