"""What people write reaches the instance and comes back letter by letter, through SOAP and through the Table API."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common.errors import ConsoleError
from services.servicenow.contract import VARIABLES, ApprovalStatus
from services.servicenow.encoded_query import equals
from tests.services.servicenow.support import assert_five_parts, connect, services_of

TEXTS = {
    "the five entities": "& < > \" '",
    "entities written out": "&amp; &lt; &#38; &#x26; &nbsp; &unknown;",
    "end of a CDATA section": "a ]]> b <![CDATA[ c ]]>",
    "markup": "<script>alert(1)</script><!-- x --><?pi y?></PMUserReason>",
    "an envelope": "</SOAP-ENV:Body></SOAP-ENV:Envelope>",
    "emoji": "👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 \U0001f9ff",
    "right to left": "אני צריך את זה \u202eexe.fdp\u202c مرحبا",
    "combining marks": "e\u0301 \u1e9b\u0323 Å Å",
    "4,000 characters": "Ω<&>" * 1000,
    "white space around": "  \t both ends \u00a0 ",
    "only white space": "   ",
    "line ends": "one\ntwo\r\nthree\rfour\n\n",
    "tab": "a\tb",
    "delete and C1": "a\x7fb\x85c\x9fd",
    "line separators": "a\u2028b\u2029c",
    "path": r"C:\Program Files (x86)\Tom & Jerry's <beta>\a^b,c;d%20.exe",
    "query characters": "^ORactive=true^NQ,javascript:gs.getUserID()",
    "template characters": "${x} {{y}} %s %(z)s \\n $1",
    "JSON": '{"a": [null, "\\u0000"]}',
    "nothing": "",
}
UNSENDABLE = {
    "NUL": "a\x00b",
    "vertical tab": "a\x0bb",
    "escape": "\x1b[31m",
    "unit separator": "\x1f",
    "lone surrogate": "a\ud800b",
    "no character": "a\ufffeb",
    "no character either": "\uffff",
}
XML_TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufffe\uffff").filter(
        lambda c: ord(c) >= 32 or c in "\t\n\r"
    ),
    max_size=200,
)
ONE_INSTANCE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def stored_variables(practice, item_id):
    """Return the variables of a requested item as they stand in the tables."""
    named = {row["sys_id"]: row["name"] for row in practice.records("item_option_new")}
    links = practice.records("sc_item_option_mtom", request_item=item_id)
    options = [practice.records("sc_item_option", sys_id=link["sc_item_option"])[0] for link in links]
    return {named[option["item_option_new"]]: option["value"] for option in options}


async def decide(practice, item_id, state, comment):
    """Answer the approval of a requested item as its approver."""
    approval = practice.records("sysapproval_approver", sysapproval=item_id)[0]
    async with connect(practice, "app.approver") as approver:
        values = {"state": state, "comments": comment}
        await approver.table("sysapproval_approver").update(approval["sys_id"], values)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_a_text_survives_create_status_and_cancel(practice, instance, text):
    services = services_of(instance)
    sent = {name: f"{name}{text}" for name in VARIABLES} | {"PMUserReason": text}
    made = await services.create(sent)
    assert stored_variables(practice, made) == sent
    rows = instance.table("sc_req_item")
    row = await rows.first(equals(sys_id=made), [f"variables.{name}" for name in VARIABLES])
    assert {name: row[f"variables.{name}"] for name in VARIABLES} == sent
    await decide(practice, made, "rejected", text)
    answer = await services.status(made)
    assert answer.status is ApprovalStatus.REJECTED
    assert answer.comment == (text if text.strip() else "")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_the_comment_of_a_cancelled_request_is_kept(practice, instance, text):
    services = services_of(instance)
    made = await services.create({})
    await services.cancel(made, text)
    entries = practice.records("sys_journal_field", element_id=made)
    assert [entry["value"] for entry in entries] == ([text] if text.strip() else [])
    assert (await services.status(made)).status is ApprovalStatus.INVALID


@pytest.mark.parametrize("text", UNSENDABLE.values(), ids=UNSENDABLE.keys())
async def test_what_xml_cannot_carry_is_refused_before_anything_is_sent(practice, instance, text):
    services = services_of(instance)
    made = await services.create({})
    await services.cancel(made, "described now")
    practice.log.clear()
    for attempt in (services.create({"PMUserReason": text}), services.cancel(made, text)):
        with pytest.raises(ConsoleError) as caught:
            await attempt
        assert_five_parts(caught.value, "input-unsendable")
    assert not practice.log


@settings(max_examples=25, suppress_health_check=ONE_INSTANCE)
@given(reason=XML_TEXT, comment=XML_TEXT)
async def test_any_text_survives(practice, instance, reason, comment):
    services = services_of(instance)
    made = await services.create({"PMUserReason": reason, "PMFilePath": comment})
    stored = stored_variables(practice, made)
    assert (stored["PMUserReason"], stored["PMFilePath"]) == (reason, comment)
    await decide(practice, made, "approved", comment)
    answer = await services.status(made)
    assert answer.status is ApprovalStatus.APPROVED
    assert answer.comment == (comment if comment.strip() else "")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_a_record_keeps_its_text(instance, text):
    made = await services_of(instance).create({})
    table = instance.table("sc_req_item")
    changed = await table.update(made, {"description": text})
    assert changed["description"] == text
    read = await table.get(made, ["description"])
    assert read["description"] == text


@pytest.mark.parametrize(
    "text", ["👍🏽", "& <", "ä", "a,b", "'; DROP TABLE task; --", '"x"', "100%_", "a\\b", "a+b c"]
)
async def test_a_record_is_found_by_its_text(instance, text):
    made = await services_of(instance).create({})
    table = instance.table("sc_req_item")
    await table.update(made, {"description": text})
    found = [row["sys_id"] async for row in table.rows(equals(description=text), fields=["description"])]
    assert found == [made]
    await table.update(made, {"description": ""})


@pytest.mark.parametrize("text", ["a^b", "a\nb", "javascript:gs.getUserID()"])
async def test_a_text_that_a_query_cannot_carry_is_refused_in_plain_words(practice, instance, text):
    with pytest.raises(ConsoleError) as caught:
        await instance.table("sc_req_item").first(equals(description=text), ["sys_id"])
    assert_five_parts(caught.value, "input-unsendable")
    assert not practice.log


async def test_a_text_that_no_call_can_carry_is_refused_before_anything_is_sent(practice, instance):
    table = instance.table("sc_req_item")
    with pytest.raises(ConsoleError) as caught:
        await table.update("0" * 32, {"comments": "a\ud800"})
    assert_five_parts(caught.value, "input-unsendable")
    with pytest.raises(ConsoleError) as caught:
        await table.first(equals(description="x" * 70_000), ["sys_id"])
    assert_five_parts(caught.value, "input-unsendable")
    with pytest.raises(ConsoleError) as caught:
        await table.first(equals(description="a\ud800"), ["sys_id"])
    assert_five_parts(caught.value, "input-unsendable")
    assert not practice.log
