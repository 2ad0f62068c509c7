"""The description of a scripted service has the shape of one that an instance generated."""

import pytest

from tests.services.practice.outline import expected_outline, outline, recorded_description

NAME = "Outlined_Service"
INPUTS = ("first_input", "second_input")
OUTPUTS = ("first_output", "second_output")


@pytest.fixture
def service(practice, signed_in):
    """A service with two inputs and two outputs, made by the administrator; it is gone afterwards."""
    admin = signed_in("admin")

    def post(table, **values):
        return admin.post(f"api/now/table/{table}", json=values).raise_for_status().json()["result"]["sys_id"]

    made = [("sys_web_service", post("sys_web_service", name=NAME, active="true", function_name="execute"))]
    key = made[0][1]
    for direction, names in (("input", INPUTS), ("output", OUTPUTS)):
        table = f"sys_web_service_{direction}"
        # Added backwards: the order column counts, not the order of the rows.
        for order, name in reversed(list(enumerate(names))):
            made.append((table, post(table, name=name, order=str(order * 100), web_service=key)))
    yield key
    for table, sys_id in made:
        admin.delete(f"api/now/table/{table}/{sys_id}").raise_for_status()


def test_a_generated_description_has_the_recorded_outline(practice, signed_in, service):
    reply = signed_in().get(f"{NAME}.do?WSDL")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/xml")
    assert outline(reply.content, {NAME: "SERVICE"}, practice.base_url) == expected_outline()


def test_the_outline_is_that_of_the_recorded_description():
    expected = expected_outline()
    assert len(expected) == 39
    recorded = recorded_description()
    if recorded is not None:
        names = {
            "SITA_DeleteSyncData": "SERVICE",
            "shub_id": "first_input",
            "object_name": "second_input",
            "error": "first_output",
            "msg": "second_output",
        }
        assert outline(recorded, names, "https://sitaitsmsdev.service-now.com/") == expected


def test_an_operation_is_called_as_the_record_says(practice, signed_in, service):
    admin = signed_in("admin")
    admin.patch(
        f"api/now/table/sys_web_service/{service}", json={"function_name": "submit"}
    ).raise_for_status()
    lines = outline(signed_in().get(f"{NAME}.do?WSDL").content, {NAME: "SERVICE"}, practice.base_url)
    assert lines == [line.replace("execute", "submit") for line in expected_outline()]


def test_an_inactive_service_has_no_description(practice, signed_in, service):
    admin = signed_in("admin")
    admin.patch(f"api/now/table/sys_web_service/{service}", json={"active": "false"}).raise_for_status()
    assert signed_in().get(f"{NAME}.do?WSDL").status_code == 404


@pytest.mark.parametrize("name", [NAME.lower(), NAME.upper(), f"{NAME} ", f"x/{NAME}", "Outlined_Servic"])
def test_the_address_of_a_service_is_exact(practice, signed_in, service, name):
    assert signed_in().get(f"{name}.do?WSDL").status_code == 404
