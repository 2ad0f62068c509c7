"""The create script: which item it orders, what becomes of the inputs, and that the caller's cart is left alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.practice.initial_data import EXECUTE_ITEM_ID
from services.servicenow.contract import FURTHER_VARIABLES, VARIABLES
from services.servicenow.script_templates import item_marker
from tests.services.practice.soaping import CREATE, call, fault_of, order, status, variables_of

TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufffe\uffff").filter(
        lambda c: ord(c) >= 32 or c in "\t\n"
    ),
    max_size=120,
)
CUT = " [cut; the whole is in the work notes]"


@pytest.fixture
def pm(signed_in):
    return signed_in("privman.integration")


@pytest.fixture
def tidy(practice):
    """Return a function that inserts rows which are gone after the test."""
    made = []

    def insert(table, **values):
        made.append((table, practice._database.insert(table, values)))
        return made[-1][1]

    yield insert
    for table, key in reversed(made):
        practice._database.delete(table, key)


def item_of(practice, item_id):
    return practice.records("sc_req_item", sys_id=item_id)[0]["cat_item"]


def marked(practice, tidy, meta, active="true", name="Another item"):
    """Make a catalog item with these words in `meta` and one variable."""
    stock = practice.records("sc_cat_item", sys_id=EXECUTE_ITEM_ID)[0]
    item = tidy("sc_cat_item", name=name, category=stock["category"], active=active, meta=meta)
    tidy("item_option_new", name="PMFilePath", cat_item=item, active="true", type="6")
    return item


# -- which item -------------------------------------------------------------------


def test_an_item_that_was_made_again_is_found_by_its_marker(practice, pm, tidy):
    practice._database.update("sc_cat_item", EXECUTE_ITEM_ID, {"meta": ""})
    try:
        again = marked(practice, tidy, f"run software, {item_marker('').upper()}", name="Renamed and moved")
        assert item_of(practice, order(pm, PMFilePath="x")) == again
    finally:
        practice._database.update("sc_cat_item", EXECUTE_ITEM_ID, {"meta": item_marker("")})
    practice._database.update("sc_cat_item", again, {"meta": ""})
    assert item_of(practice, order(pm)) == EXECUTE_ITEM_ID


def test_each_set_orders_its_own_item(practice, pm, tidy, scripted):
    one, other = scripted.add_set("pm"), scripted.add_set("pm-2")
    # The first marker is the beginning of the second.
    items = [marked(practice, tidy, item_marker(name)) for name in ("pm", "pm-2")]
    made = [call(pm, name, PMFilePath="x")["PMRequestId"] for name in (one, other, CREATE)]
    assert [item_of(practice, key) for key in made] == [*items, EXECUTE_ITEM_ID]


def test_without_an_item_of_its_own_nothing_is_ordered(practice, pm, tidy, scripted):
    name = scripted.add_set("pm")
    marked(practice, tidy, item_marker("pm-2"))
    before = len(practice.records("sc_request"))
    assert fault_of(pm, name).startswith("Error: No catalog item carries approval-console:pm in Meta. (line ")
    marked(practice, tidy, item_marker("pm"), active="false")
    assert "The catalog item that carries approval-console:pm in Meta is not active." in fault_of(pm, name)
    for _ in range(2):
        marked(practice, tidy, item_marker("pm"))
    assert "2 active catalog items carry approval-console:pm in Meta; exactly one may." in fault_of(pm, name)
    assert len(practice.records("sc_request")) == before


def test_an_inactive_copy_does_not_disturb(practice, pm, tidy, scripted):
    name = scripted.add_set("pm")
    marked(practice, tidy, item_marker("pm"), active="false")
    wanted = marked(practice, tidy, item_marker("pm"))
    assert item_of(practice, call(pm, name)["PMRequestId"]) == wanted


# -- inputs ------------------------------------------------------------------------


def test_further_inputs_are_copied_where_the_item_has_a_variable(practice, pm, tidy):
    there, lacking = FURTHER_VARIABLES[:9], FURTHER_VARIABLES[9:]
    for name in there:
        tidy("item_option_new", name=name, cat_item=EXECUTE_ITEM_ID, active="true", type="6")
    sent = {name: f"<{name}> & 'more'" for name in (*VARIABLES, *FURTHER_VARIABLES)}
    made = variables_of(practice, order(pm, **sent))
    assert made == {name: sent[name] for name in (*VARIABLES, *there)}
    assert not set(lacking) & set(made)


def test_variables_of_a_set_and_inactive_ones(practice, pm, tidy, scripted):
    tidy("item_option_new", name="PMFileVersion", cat_item=EXECUTE_ITEM_ID, active="false", type="6")
    group = tidy("item_option_new_set", title="More", active="true")
    tidy("item_option_new", name="PMFileCompanyName", variable_set=group, active="true", type="6")
    tidy("io_set_item", sc_cat_item=EXECUTE_ITEM_ID, variable_set=group)
    made = variables_of(practice, order(pm, PMFileVersion="1", PMFileCompanyName="Example & Sons"))
    assert made["PMFileCompanyName"] == "Example & Sons"
    assert "PMFileVersion" not in made


def test_an_input_without_a_variable_is_told_to_the_log(practice, pm, tidy, scripted):
    name = scripted.add_set("pm")
    marked(practice, tidy, item_marker("pm"))
    made = call(pm, name, PMFilePath="x", PMUserReason="y", PMPolicyId="z", Unknown="u")["PMRequestId"]
    assert variables_of(practice, made) == {"PMFilePath": "x"}
    entry = practice.records("syslog", source=name)[-1]
    assert entry["message"] == "Approval request: the catalog item has no variable PMPolicyId, PMUserReason."
    assert (entry["level"], entry["sys_created_by"]) == ("1", "privman.integration")


def test_what_was_not_sent_has_its_default_and_what_was_sent_empty_is_empty(practice, pm, tidy):
    tidy(
        "item_option_new", name="PMFileVersion", cat_item=EXECUTE_ITEM_ID, active="true", default_value="none"
    )
    assert variables_of(practice, order(pm))["PMFileVersion"] == "none"
    assert variables_of(practice, order(pm, PMFileVersion=""))["PMFileVersion"] == ""


@pytest.fixture
def short_column(practice, signed_in):
    """Let the dictionary say how long a variable may be."""
    row = practice.records("sys_dictionary", name="sc_item_option", element="value")[0]["sys_id"]
    yield lambda length: practice._database.update("sys_dictionary", row, {"max_length": length})
    practice._database.update("sys_dictionary", row, {"max_length": ""})


@pytest.mark.parametrize(
    "text", ["x" * 4001, "& < > \" ' ]]> " * 300, "😀" * 2001, "x" + "😀" * 2001], ids=range(4)
)
def test_what_is_too_long_for_a_variable_is_cut_visibly_and_kept(practice, pm, short_column, text):
    short_column("4000")
    item = order(pm, PMUserReason=text, PMFilePath="short")
    stored = variables_of(practice, item)
    assert stored["PMFilePath"] == "short"
    assert stored["PMUserReason"].endswith(CUT)
    assert text.startswith(stored["PMUserReason"].removesuffix(CUT))
    # An instance counts as JavaScript does.
    assert 3998 <= len(stored["PMUserReason"].encode("utf-16-le")) // 2 <= 4000
    (note,) = practice.records("sys_journal_field", element_id=item)
    assert (note["element"], note["value"]) == ("work_notes", f"PMUserReason:\n{text}")


@pytest.mark.parametrize("length", ["4000", "", "0", "none"])
def test_a_reason_of_4000_characters_fits(practice, pm, short_column, length):
    short_column(length)
    text = ("& < > \" ' ]]> Ω " * 250)[:4000]
    item = order(pm, PMUserReason=text)
    assert variables_of(practice, item)["PMUserReason"] == text
    assert practice.records("sys_journal_field", element_id=item) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(texts=st.lists(TEXT, min_size=11, max_size=11))
def test_any_text_reaches_its_variable(practice, pm, texts):
    sent = dict(zip(VARIABLES, texts, strict=True))
    assert variables_of(practice, order(pm, **sent)) == sent


# -- orders and carts ----------------------------------------------------------------


def cart(practice, account="privman.integration"):
    """Return what lies in the cart of an account."""
    user = practice.records("sys_user", user_name=account)[0]["sys_id"]
    carts = {row["sys_id"] for row in practice.records("sc_cart", user=user, name="DEFAULT")}
    return [row for row in practice.records("sc_cart_item") if row["cart"] in carts]


@pytest.fixture
def filled_cart(practice, scripted):
    """Lay a laptop into the caller's cart; return its sys_id."""
    laptop = practice.records("sc_cat_item", name="Standard Laptop")[0]["sys_id"]
    scripted.run(f"new sn_sc.CartJS().addToCart({{sysparm_id: '{laptop}', sysparm_quantity: '2'}});")
    yield laptop
    scripted.run("new sn_sc.CartJS().empty();")
    assert cart(practice) == []


def test_the_callers_cart_is_left_alone(practice, pm, filled_cart):
    before = cart(practice)
    assert [row["cat_item"] for row in before] == [filled_cart]
    item = order(pm, PMFilePath="x")
    assert cart(practice) == before
    request = practice.records("sc_req_item", sys_id=item)[0]["request"]
    assert len(practice.records("sc_req_item", request=request)) == 1


@pytest.mark.parametrize("how", ["two-step checkout", "no scoped API"])
def test_where_order_now_is_not_to_be_had_a_cart_of_its_own_is_used(
    practice, pm, tidy, filled_cart, how, scripted
):
    name = CREATE
    if how == "two-step checkout":
        tidy("sys_properties", name="glide.sc.checkout.twostep", value="true")
    else:
        script = practice.records("sys_web_service", name=CREATE)[0]["script"]
        name = scripted.add("sn_sc = undefined;\n" + script, whole=True)
    before = cart(practice)
    sent = {variable: f"{variable} & 😀" for variable in VARIABLES}
    item = call(pm, name, **sent)["PMRequestId"]
    assert variables_of(practice, item) == sent
    assert cart(practice) == before
    request = practice.records("sc_req_item", sys_id=item)[0]["request"]
    assert len(practice.records("sc_req_item", request=request)) == 1
    assert status(pm, item) == "pending"


def test_with_two_step_checkout_order_now_only_fills_the_cart(practice, tidy, filled_cart, scripted):
    tidy("sys_properties", name="glide.sc.checkout.twostep", value="true")
    made = scripted.run(
        f"var r = new sn_sc.CartJS().orderNow({{sysparm_id: '{EXECUTE_ITEM_ID}'}});"
        "response.request = String(r.request_id); response.cart = r.cart_id;"
    )
    assert made["request"] == "undefined"
    assert len(cart(practice)) == 2


def test_orders_placed_at_once_are_not_mixed(practice, signed_in):
    clients = [signed_in("privman.integration") for _ in range(4)]

    def place(n):
        return n, order(clients[n % 4], **{name: f"{name} {n}" for name in VARIABLES})

    with ThreadPoolExecutor(4) as pool:
        placed = list(pool.map(place, range(16)))
    for n, item in placed:
        assert variables_of(practice, item) == {name: f"{name} {n}" for name in VARIABLES}
    assert len({practice.records("sc_req_item", sys_id=item)[0]["request"] for _, item in placed}) == 16
