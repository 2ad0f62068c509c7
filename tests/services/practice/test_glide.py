"""The stand-in of the Glide API: what scripts of others call does what it does on an instance."""

import pytest

from services.practice.initial_data import EXECUTE_ITEM_ID
from services.servicenow.contract import VARIABLES
from tests.services.practice.soaping import call, envelope, fault_of, order, status, variables_of

VENDOR_CREATE = (
    f"var cart = new Cart();\nvar item = cart.addItem('{EXECUTE_ITEM_ID}');\n"
    + "".join(f"cart.setVariable(item, '{name}', request.{name});\n" for name in VARIABLES)
    + "var rc = cart.placeOrder();\nresponse.PMRequestId = rc.sys_id;"
)
VENDOR_STATUS = """
    var gr = new GlideRecord('sc_req_item');
    gr.addQuery('request', request.PMGetRequestId);
    gr.query();
    if (gr.next()) {
        if (gr.approval == 'approved') {
            response.PMApprovalStatus = 'approved';
            response.PMComment = 'Approval comment here.';
        } else if (gr.approval == 'rejected') {
            response.PMApprovalStatus = 'rejected';
        } else {
            response.PMApprovalStatus = 'pending';
        }
    } else {
        response.PMApprovalStatus = 'invalid';
    }
"""


@pytest.fixture
def pm(signed_in):
    return signed_in("privman.integration")


# -- scripts of the vendor's kind -----------------------------------------------------


def test_older_scripts_of_the_vendor_run(practice, pm, signed_in, scripted):
    create, read = scripted.add(VENDOR_CREATE), scripted.add(VENDOR_STATUS)
    sent = {name: f"{name} & 'x' 😀" for name in VARIABLES}
    request = call(pm, create, **sent)["PMRequestId"]
    (item,) = practice.records("sc_req_item", request=request)
    assert variables_of(practice, item["sys_id"]) == sent
    # Our Status takes the id of theirs.
    assert status(pm, request) == "pending"
    assert call(pm, read, PMGetRequestId=request) == {"PMApprovalStatus": "pending"}
    assert call(pm, read, PMGetRequestId="none") == {"PMApprovalStatus": "invalid"}
    key = practice.records("sysapproval_approver", sysapproval=item["sys_id"])[0]["sys_id"]
    signed_in("app.approver").patch(f"api/now/table/sysapproval_approver/{key}", json={"state": "approved"})
    assert call(pm, read, PMGetRequestId=request) == {
        "PMApprovalStatus": "approved",
        "PMComment": "Approval comment here.",
    }


def test_older_scripts_order_whatever_else_lies_in_the_cart(practice, pm, scripted):
    laptop = practice.records("sc_cat_item", name="Standard Laptop")[0]["sys_id"]
    made = scripted.run(
        f"response.cart = JSON.stringify(new sn_sc.CartJS().addToCart({{sysparm_id: '{laptop}', sysparm_quantity: 2}}));"
    )
    assert made["cart"] == '{"items":[{"itemName":"Standard Laptop","quantity":"2"}]}'
    request = scripted.run(VENDOR_CREATE, PMFilePath="x")["PMRequestId"]
    items = {row["cat_item"]: row["quantity"] for row in practice.records("sc_req_item", request=request)}
    assert items == {laptop: "2", EXECUTE_ITEM_ID: "1"}
    assert practice.records("sc_cart_item") == []


def test_a_cart_is_checked_out_once(scripted, practice):
    made = scripted.run(
        f"""var cart = new sn_sc.CartJS();
        cart.addToCart({{sysparm_id: '{EXECUTE_ITEM_ID}', variables: {{PMFilePath: 'a'}}}});
        cart.addToCart({{sysparm_id: '{EXECUTE_ITEM_ID}', variables: {{PMFilePath: 'b', None: 'x'}}}});
        var order = cart.checkoutCart();
        response.number = order.request_number; response.again = String(cart.submitOrder());
        cart.empty(); response.old = String(new Cart('mine').placeOrder()); response.id = order.request_id;"""
    )
    assert made["number"].startswith("REQ")
    assert (made["again"], made["old"]) == ("null", "null")
    items = practice.records("sc_req_item", request=made["id"])
    assert [variables_of(practice, item["sys_id"])["PMFilePath"] for item in items] == ["a", "b"]


# -- records ---------------------------------------------------------------------------


def found(scripted, lines):
    """Return what `gr` finds in the categories: their titles in order."""
    return scripted.run(
        f"var gr = new GlideRecord('sc_category');\n{lines}\ngr.query();\nvar all = [];\n"
        "while (gr.next()) { all.push(String(gr.title)); }\nresponse.all = all.join(',');"
    )["all"]


@pytest.mark.parametrize(
    ("lines", "titles"),
    [
        ("gr.addQuery('title', 'Hardware');", "Hardware"),
        ("gr.addQuery('title', '!=', 'Thycotic'); gr.orderByDesc('title'); gr.setLimit(2);", "Software,Services"),
        ("gr.addQuery('title', 'IN', ['Access', 'Software']); gr.orderBy('title');", "Access,Software"),
        ("gr.addQuery('title', 'IN', 'Access,None');", "Access"),
        ("gr.addQuery('title', 'STARTSWITH', 'ha');", "Hardware"),
        ("gr.addQuery('title', 'ENDSWITH', 'ware'); gr.orderBy('title');", "Hardware,Software"),
        ("gr.addQuery('title', 'CONTAINS', 'acil');", "Facilities"),
        ("gr.addQuery('title', 'Access').addOrCondition('title', 'Services'); gr.orderBy('title');", "Access,Services"),
        ("gr.addEncodedQuery('title=Access^NQtitle=Software^ORDERBYDESCtitle');", "Software,Access"),
        ("gr.addQuery('title', 'Access'); gr.addEncodedQuery('active=false^NQactive=true');", "Access"),
        ("gr.addQuery('titleSTARTSWITHFac');", "Facilities"),
        ("gr.addActiveQuery(); gr.addNotNullQuery('sc_catalog'); gr.addQuery('title', 'Access');", "Access"),
        ("gr.addQuery('active', false);", ""),
        ("gr.addQuery('active', '1'); gr.addNullQuery('parent'); gr.addQuery('title', 'Access');", "Access"),
        ("gr.addQuery('sc_catalog.title', 'Service Catalog'); gr.addQuery('title', 'Access');", "Access"),
        ("gr.addQuery('title', 'a^ORtitle=Access');", ""),
        ("gr.addQuery('title', 'Access'); gr.addQuery('none', 'ignored');", "Access"),
        ("gr.orderBy('title'); gr.chooseWindow(1, 3);", "Facilities,Hardware"),
    ],
)  # fmt: skip
def test_a_query_finds(scripted, lines, titles):
    assert found(scripted, lines) == titles


def test_a_field_that_is_kept_follows_its_record(scripted):
    """As on an instance, where lists of fields surprise: each is the field of wherever the record stands now."""
    made = scripted.run(
        """var gr = new GlideRecord('sc_category'); gr.orderBy('title'); gr.setLimit(2); gr.query();
        var all = []; while (gr.next()) { all.push(gr.title); } response.all = all.join();"""
    )
    assert made["all"] == "Facilities,Facilities"


def test_a_record_is_read_in_every_way(practice, pm, scripted):
    item = order(pm, PMFilePath="a.exe")
    made = scripted.run(
        """var gr = new GlideRecord('sc_req_item');
        response.none = gr.get('none'); response.valid = gr.isValidRecord();
        response.found = gr.get(request.id);
        response.same = gr.get('sys_id', request.id) && gr.isValidRecord();
        response.field = gr.approval + '/' + gr.getValue('approval') + '/' + gr.approval.getDisplayValue();
        response.equal = (gr.approval == 'requested') + '/' + (gr.approval === 'requested');
        response.bool = gr.active + '/' + gr.getValue('active');
        response.empty = gr.getValue('assignment_group') + '/' + gr.assignment_group.nil() + '/' + gr.assignment_group;
        response.walk = gr.cat_item.name + '/' + gr.cat_item.category.title + '/' + gr.cat_item.getDisplayValue();
        response.ref = gr.cat_item.getRefRecord().getValue('name');
        response.display = gr.getDisplayValue() === String(gr.number);
        response.id = gr.getUniqueValue(); response.table = gr.getTableName();
        response.missing = String(gr.no_such_field) + '/' + gr.getValue('no_such_field');
        response.fields = gr.isValidField('state') + '/' + gr.isValidField('none') + '/' + gr.isValid();
        response.variable = gr.variables.PMFilePath; response.element = gr.getElement('state').getName();
        gr.state = 7; response.changes = gr.state.changes() + '/' + gr.approval.changes();
        response.odd = new GlideRecord('none').isValid();""",
        id=item,
    )
    assert made == {
        "none": "false",
        "valid": "false",
        "found": "true",
        "same": "true",
        "field": "requested/requested/Requested",
        "equal": "true/false",
        "bool": "true/1",
        "empty": "null/true/",
        "walk": "Execute Application Request/Thycotic/Execute Application Request",
        "ref": "Execute Application Request",
        "display": "true",
        "id": item,
        "table": "sc_req_item",
        "missing": "undefined/null",
        "fields": "true/false/true",
        "variable": "a.exe",
        "element": "state",
        "changes": "true/false",
        "odd": "false",
    }


def test_a_record_is_made_changed_and_deleted(practice, scripted):
    made = scripted.run(
        """var gr = new GlideRecord('sys_properties');
        gr.initialize(); response.isNew = gr.isNewRecord();
        gr.name = 'tried'; gr.setValue('value', 1); gr.no_such_field = 'x'; response.id = gr.insert();
        var again = new GlideRecord('sys_properties');
        again.get('name', 'tried'); again.value.setValue('two'); response.updated = again.update();
        response.value = gr.value + '/' + again.value; response.count = again.update();"""
    )
    (row,) = practice.records("sys_properties", name="tried")
    assert made == {
        "isNew": "true", "id": row["sys_id"], "updated": row["sys_id"], "value": "1/two", "count": row["sys_id"],
    }  # fmt: skip
    assert (row["value"], row["sys_mod_count"]) == ("two", "1")
    assert (row["sys_created_by"], row["sys_updated_by"]) == ("privman.integration", "privman.integration")
    made = scripted.run(
        """var gr = new GlideRecord('sys_properties'); gr.addQuery('name', 'tried'); gr.query();
        response.rows = gr.getRowCount(); response.more = gr.hasNext();
        while (gr.next()) { response.gone = gr.deleteRecord(); } response.left = gr.hasNext();
        gr.addQuery('name', 'x'); gr.deleteMultiple();"""
    )
    assert made == {"rows": "1", "more": "true", "gone": "true", "left": "false"}
    assert practice.records("sys_properties", name="tried") == []
    gone = practice.records("sys_audit_delete", documentkey=row["sys_id"])
    assert [entry["tablename"] for entry in gone] == ["sys_properties"]


def test_many_records_are_walked_through(practice, scripted):
    with practice._database.transaction():
        keys = [practice._database.insert("sys_choice", {"name": "many", "sequence": n}) for n in range(250)]
    made = scripted.run(
        """var gr = new GlideRecord('sys_choice'); gr.addQuery('name', 'many'); gr.orderByDesc('sequence'); gr.query();
        var all = []; while (gr.next()) { all.push(String(gr.sequence)); } response.all = all.join();
        gr = new GlideRecord('sys_choice'); gr.addQuery('name', 'many'); gr.label = 'x'; gr.updateMultiple();"""
    )
    assert made["all"] == ",".join(str(n) for n in range(249, -1, -1))
    assert {row["label"] for row in practice.records("sys_choice", name="many")} == {"x"}
    for key in keys:
        practice._database.delete("sys_choice", key)


def test_a_script_writes_journals_and_the_rules_carry_on(practice, pm, scripted):
    item = order(pm)
    made = scripted.run(
        """var a = new GlideRecord('sysapproval_approver'); a.addQuery('sysapproval', request.id); a.query(); a.next();
        a.comments = 'first'; a.update(); a.comments = 'because'; a.state = 'approved'; a.update();
        response.newest = a.comments.getJournalEntry(1).split('\\n')[1];
        response.all = a.comments.getJournalEntry(-1).split('\\n').length;
        response.value = a.getValue('comments'); response.item = a.sysapproval.approval;""",
        id=item,
    )
    assert made == {"newest": "because", "all": "7", "value": "", "item": "approved"}
    assert status(pm, item) == "approved"


def test_an_unreadable_query_finds_nothing_where_the_property_says_so(practice, scripted):
    key = practice.records("sys_properties", name="glide.invalid_query.returns_no_rows")[0]["sys_id"]
    practice._database.update("sys_properties", key, {"value": "true"})
    try:
        assert found(scripted, "gr.addQuery('none', 'x');") == ""
    finally:
        practice._database.update("sys_properties", key, {"value": "false"})


# -- the system, inputs and outputs ------------------------------------------------------


def test_the_system_answers(practice, scripted):
    made = scripted.run(
        """response.user = gs.getUserName() + '/' + gs.getUser().getName() + '/' + (gs.getUserID() === gs.getUser().getID());
        response.roles = gs.hasRole('approval_admin') + '/' + gs.hasRole('admin,soap_script') + '/' + gs.hasRole('admin');
        response.nil = gs.nil('') + '/' + gs.nil(null) + '/' + gs.nil('x') + '/' + GlideStringUtil.nil('');
        response.property = gs.getProperty('instance_name') + '/' + gs.getProperty('none') + '/' + gs.getProperty('none', 'd');
        response.guid = GlideGuid.generate(null).length + '/' + (gs.generateGUID() !== gs.generateGUID());
        var at = new GlideDateTime('2020-01-31 23:59:59'); at.addSeconds(1);
        response.time = at + '/' + at.before(new GlideDateTime()) + '/' + gs.nowDateTime().length;
        gs.addErrorMessage('x'); gs.info('told {0} & {1}', 'a', 'b'); gs.warn('w'); gs.error('e'); gs.debug('d');"""
    )
    assert made == {
        "user": "privman.integration/privman.integration/true",
        "roles": "true/true/false",
        "nil": "true/true/false/true",
        "property": "practice/null/d",
        "guid": "32/true",
        "time": "2020-02-01 00:00:00/true/19",
    }
    said = [(row["level"], row["message"]) for row in practice.records("syslog")[-4:]]
    assert said == [("0", "told a & b"), ("1", "w"), ("2", "e"), ("-1", "d")]


def test_inputs_are_raw_and_outputs_stand_in_the_order_of_the_script(scripted):
    made = scripted.run(
        """response.z = request.b; response.a = request.none; response.n = 5; response.t = true; response.e = null;
        response.names = Object.keys(request).join(); response.z = 'twice'; response.proto = typeof request.toString;
        response.type = typeof request.b;""",
        b="  & < > 😀 ",
        a="x",
        __proto__="own",
    )
    assert list(made) == ["z", "a", "n", "t", "e", "names", "proto", "type"]
    assert made == {"z": "twice", "a": "", "n": "5", "t": "true", "e": "", "names": "b,a,__proto__", "proto": "function",
                    "type": "string"}  # fmt: skip


def test_the_envelope_and_elements_of_its_own(scripted, signed_in):
    name = scripted.add(
        """response.xml = soapRequestXML.indexOf('Envelope') > 0;
        response.root = soapRequestDocument.getDocumentElement().getNodeName();
        var doc = new XMLDocument('<a b="1">t<c/></a>'); doc.setAttribute('d', '<'); doc.createElement('e', 'x & y');
        response.doc = doc;"""
    )
    made = call(signed_in(), name)
    assert made == {
        "xml": "true",
        "root": "Envelope",
        "doc": '<a b="1" d="&lt;">t<c></c><e>x &amp; y</e></a>',
    }
    made = scripted.run("response.soapResponseElement = '<r><a>1</a><b><c>2</c></b></r>';")
    assert made == {"a": "1", "b": ""}


def test_an_item_that_cannot_be_ordered_is_an_error_that_a_script_may_catch(scripted):
    made = scripted.run("try { new Cart().addItem('none'); new Cart().placeOrder(); } catch (e) { response.said = e.message; }"
                        "new Cart().clearCart();")  # fmt: skip
    assert made == {"said": "The catalog item does not exist."}


def test_an_empty_script_answers_nothing(scripted, signed_in):
    assert scripted.run("", whole=True) == {}
    reply = signed_in().post(f"{scripted.add('')}.do?SOAP", content=envelope())
    assert reply.status_code == 200


def test_two_services_of_one_name_may_be_made(practice, signed_in):
    admin = signed_in("admin")
    made = [
        admin.post(
            "api/now/table/sys_web_service", json={"name": "Twin", "active": "true", "script": script}
        ).json()["result"]["sys_id"]
        for script in ("response.a = 1;", "throw 'second'")
    ]
    assert call(signed_in(), "Twin") == {"a": "1"}
    admin.patch(f"api/now/table/sys_web_service/{made[0]}", json={"active": "false"}).raise_for_status()
    assert fault_of(signed_in(), "Twin") == "second"
    for key in made:
        admin.delete(f"api/now/table/sys_web_service/{key}").raise_for_status()
