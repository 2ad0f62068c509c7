"""Calls of scripted services by hand: an envelope out, the outputs by name back."""

from xml.sax.saxutils import escape

from lxml import etree

CREATE = "CreateExecuteAppApprovalRequest"
STATUS = "GetExecuteAppApprovalRequestStatus"
CANCEL = "CancelExecuteAppApprovalRequest"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def envelope(**inputs):
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in inputs.items())
    return (
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><execute>{inner}</execute></e:Body></e:Envelope>'.encode()
    )


def call(client, service, **inputs):
    """Return the outputs of a call that succeeds."""
    reply = client.post(f"{service}.do?SOAP", content=envelope(**inputs))
    assert reply.status_code == 200, reply.text
    answer = etree.fromstring(reply.content).find(f"{{{ENVELOPE}}}Body")[0]
    return {etree.QName(child).localname: child.text or "" for child in answer}


def fault_of(client, service, **inputs):
    """Return the text of the fault that a call ends in."""
    reply = client.post(f"{service}.do?SOAP", content=envelope(**inputs))
    assert reply.status_code == 500
    return etree.fromstring(reply.content).findtext(f".//{{{ENVELOPE}}}Fault/faultstring")


def variables_of(practice, item_id):
    """Return the variables of a requested item as they stand in the tables."""
    names = {row["sys_id"]: row["name"] for row in practice.records("item_option_new")}
    options = (
        practice.records("sc_item_option", sys_id=link["sc_item_option"])[0]
        for link in practice.records("sc_item_option_mtom", request_item=item_id)
    )
    return {names[option["item_option_new"]]: option["value"] for option in options}


def order(client, **inputs):
    """Raise a request and return the sys_id of its requested item."""
    return call(client, CREATE, **inputs)["PMRequestId"]


def status(client, request_id):
    return call(client, STATUS, PMGetRequestId=request_id)["PMApprovalStatus"]
