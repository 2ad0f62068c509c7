"""The reply of a service is believed only when it says exactly what the contract asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from services.common.errors import ConsoleError, RefusedError
from services.servicenow.soap_reply import DEPTH_MAX, parse_reply
from tests.services.servicenow.descriptions import REPLY, STRING, description
from tests.services.servicenow.rawserver import RawServer, xml
from tests.services.servicenow.support import assert_five_parts, at, services_of

ENVELOPES = (
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
    "urn:other",
    "",
)
SPACES = ("http://www.service-now.com/Mine", "http://www.service-now.com", "urn:x", "")
OUTPUTS = ("PMApprovalStatus", "PMComment")
NAMES = (*OUTPUTS, "pmcomment", "dv_PMComment", "u_new")
TEXT = st.text(
    st.characters(min_codepoint=32, blacklist_categories=["Cs"], blacklist_characters="\ufffe\uffff")
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(SPACES), TEXT), max_size=6)


def tag(space, name):
    return f"{{{space}}}{name}" if space else name


def envelope(pairs, space=SPACES[0], outer=ENVELOPES[0], header=True):
    root = etree.Element(tag(outer, "Envelope"))
    if header:
        etree.SubElement(root, tag(outer, "Header"))
    body = etree.SubElement(root, tag(outer, "Body"))
    answer = etree.SubElement(body, tag(space, "executeResponse"))
    for name, inner, text in pairs:
        etree.SubElement(answer, tag(inner, name)).text = text
    return etree.tostring(root)


def refused(content, fault, outputs=OUTPUTS):
    with pytest.raises(ConsoleError) as caught:
        parse_reply(content, outputs, "Read a reply")
    assert_five_parts(caught.value, fault)
    return caught.value.problem


def outcome(content):
    """Return the names of the outputs that were read, or the fault."""
    try:
        return set(parse_reply(content, OUTPUTS, "Read"))
    except ConsoleError as error:
        return error.problem.fault


GOOD = envelope([("PMApprovalStatus", SPACES[0], "approved"), ("PMComment", SPACES[0], "fine by me")])


@given(pairs=PAIRS, space=st.sampled_from(SPACES), outer=st.sampled_from(ENVELOPES), header=st.booleans())
def test_outputs_count_by_name_and_number_alone(pairs, space, outer, header):
    content = envelope(pairs, space, outer, header)
    texts = {name: [text for found, _, text in pairs if found == name] for name in OUTPUTS}
    if all(len(found) == 1 for found in texts.values()):
        assert parse_reply(content, OUTPUTS, "Read") == {name: found[0] for name, found in texts.items()}
    else:
        refused(content, "reply-contract")


@given(end=st.integers(min_value=0, max_value=len(GOOD) - 1))
def test_a_cut_reply_is_never_believed(end):
    refused(GOOD[:end], "reply-malformed")


@given(content=st.binary(max_size=200))
def test_noise_is_never_believed(content):
    refused(content, "reply-malformed")


@given(place=st.integers(min_value=0, max_value=len(GOOD) - 1), byte=st.integers(min_value=0, max_value=255))
def test_a_damaged_reply_is_read_or_refused_and_nothing_else(place, byte):
    damaged = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    assert outcome(damaged) in ({*OUTPUTS}, "reply-malformed", "reply-contract")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_encoding_is_the_one_the_document_names(encoding):
    root = etree.fromstring(GOOD)
    root[1][0][1].text = "Grüße"
    content = etree.tostring(root, encoding=encoding, xml_declaration=True)
    assert parse_reply(content, OUTPUTS, "Read")["PMComment"] == "Grüße"


def test_an_unknown_encoding_is_refused():
    refused(b'<?xml version="1.0" encoding="klingon"?>' + GOOD, "reply-malformed")


@pytest.mark.parametrize(
    "prologue",
    [
        b"<!DOCTYPE x>",
        b'<!DOCTYPE x [<!ENTITY y "approved">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY y "&b;&b;&b;&b;">]>',
    ],
)
@pytest.mark.parametrize("used", [True, False])
def test_a_document_type_is_refused_whether_used_or_not(prologue, used):
    content = prologue + (GOOD.replace(b"approved", b"&y;") if used else GOOD)
    problem = refused(content, "reply-malformed")
    assert "root:" not in problem.evidence


def test_an_entity_that_nobody_declared_is_refused():
    refused(GOOD.replace(b"approved", b"&nbsp;"), "reply-malformed")


@pytest.mark.parametrize("depth", [DEPTH_MAX, 300, 100_000])
def test_depth_is_bounded(depth):
    content = GOOD.replace(b"<ns0:Body>", b"<ns0:Body>" + b"<a>" * depth + b"</a>" * depth, 1)
    assert content != GOOD
    refused(content, "reply-malformed")


def test_a_header_may_hold_anything():
    content = GOOD.replace(b"<ns0:Header/>", b"<ns0:Header><PMComment>x</PMComment><Body/></ns0:Header>")
    assert content != GOOD
    assert parse_reply(content, OUTPUTS, "Read")["PMComment"] == "fine by me"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"app<!-- x -->roved", "approved"),
        (b"<![CDATA[approved]]>", "approved"),
        (b"<![CDATA[a & <b>]]> c", "a & <b> c"),
        (b"app<?pi?>roved", "approved"),
        (b"&#97;&lt;&#x1F600;", "a<😀"),
        (b"", ""),
    ],
)
def test_a_text_may_be_written_in_many_ways(written, read):
    content = GOOD.replace(b"approved", written)
    assert parse_reply(content, OUTPUTS, "Read")["PMApprovalStatus"] == read


@pytest.mark.parametrize(
    "written", [b"app<b>roved</b>", b"<b/>approved", b"<PMApprovalStatus>approved</PMApprovalStatus>"]
)
def test_an_output_with_elements_inside_is_no_text(written):
    refused(GOOD.replace(b"approved", written), "reply-contract")


@pytest.mark.parametrize(
    "content",
    [
        b"<Body/>",
        b'<e:Envelope xmlns:e="urn:x"/>',
        b'<e:Envelope xmlns:e="urn:x"><e:Body/></e:Envelope>',
        b'<e:Envelope xmlns:e="urn:x"><e:Body>approved</e:Body></e:Envelope>',
        b'<e:Envelope xmlns:e="urn:x"><a><e:Body><b/></e:Body></a></e:Envelope>',
        b'<e:Envelope xmlns:e="urn:x"><e:Body><b/></e:Body><e:Body><c/></e:Body></e:Envelope>',
        b'<e:Envelope xmlns:e="urn:x"><e:Body><b/><c/></e:Body></e:Envelope>',
        GOOD + GOOD,
        GOOD + b"x",
        b"x" + GOOD,
    ],
)
def test_what_is_no_envelope_with_one_answer_is_malformed(content):
    refused(content, "reply-malformed")


FAULT = """<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body>{before}<S:Fault>
<faultcode>SOAP-ENV:Server</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail></S:Fault></S:Body>
</S:Envelope>"""


@pytest.mark.parametrize(
    "before", ["", "<executeResponse><PMApprovalStatus>approved</PMApprovalStatus></executeResponse>"]
)
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (" Error completing SOAP request - Only HTTP POST supported ", "soap-fault"),
        ("Unable to parse SOAP document", "soap-fault"),
        ("a.b.SOAPProcessingException: Insufficient rights for creating new records", "rights-missing"),
        ("Transaction cancelled: maximum execution time exceeded", "transaction-cancelled"),
        ("", "soap-fault"),
    ],
)
def test_a_fault_is_told_in_its_own_words(before, text, fault):
    content = FAULT.format(before=before, text=text, detail="of the script").encode()
    problem = refused(content, fault)
    assert " ".join(text.split()) in problem.evidence
    assert "of the script" in problem.evidence


def test_a_fault_of_soap_1_2_is_a_fault():
    content = b"""<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><S:Fault><S:Code><S:Value>x
    </S:Value></S:Code><S:Reason><S:Text>It failed</S:Text></S:Reason></S:Fault></S:Body></S:Envelope>"""
    assert "It failed" in refused(content, "soap-fault").evidence


STATUS_WSDL = description(inputs=STRING.format("PMGetRequestId")).replace(
    'name="out" type', 'name="PMApprovalStatus" type'
)


async def status_of(word, status=200):
    reply = xml(envelope([("PMApprovalStatus", "", word)]), status)
    answer = lambda asked: xml(STATUS_WSDL) if asked.method == "GET" else reply  # noqa: E731
    async with RawServer(answer) as server, at(server.url) as instance:
        return await services_of(instance).status("some id")


@pytest.mark.parametrize("word", ["approved", "rejected", "pending", "invalid", " approved\n"])
async def test_the_four_words_are_understood(word):
    answer = await status_of(word)
    assert (answer.status.value, answer.comment) == (word.strip(), "")


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "Approved",
        "APPROVED",
        "appro",
        "approved.",
        "requested",
        "approved rejected",
        "Genehmigt",
        "true",
        "0",
    ],
)
async def test_any_other_word_is_an_error(word):
    with pytest.raises(ConsoleError) as caught:
        await status_of(word)
    assert_five_parts(caught.value, "status-unknown")


@pytest.mark.parametrize(
    ("status", "fault"), [(500, "server-error"), (503, "server-error"), (202, "accepted-only")]
)
async def test_a_good_reply_with_a_bad_status_is_not_believed(status, fault):
    with pytest.raises(ConsoleError) as caught:
        await status_of("approved", status)
    assert_five_parts(caught.value, fault)


async def test_an_answer_that_a_guest_got_is_none():
    """Where SOAP asks for no sign-in, a call with a wrong password runs as a guest and may even be answered."""

    def answer(asked):
        return (
            xml(description())
            if asked.target.endswith("?WSDL")
            else xml(REPLY, **{"X-Is-Logged-In": "false"})
        )

    async with RawServer(answer) as server, at(server.url) as instance:
        with pytest.raises(RefusedError) as caught:
            await instance.service("Mine").call({"id": "1"}, ("out",))
    assert_five_parts(caught.value, "authentication-refused")
