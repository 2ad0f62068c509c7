"""Answers of the practice Privilege Manager: results, errors, and the web pages it sends instead."""

from starlette.responses import JSONResponse, Response

from services.common.json_types import JsonValue
from services.practice.privilege_manager.built_in_ids import new_id
from services.practice.web_parts import html_page

NOT_AUTHORISED = "Authorization has been denied for this request."


def result(value: JsonValue, total: int = 1) -> Response:
    """Return a result in the documented wrapping. The words of a success are not public."""
    return JSONResponse({"Code": 200, "Status": "success", "Messages": [], "Result": value, "Total": total})


def error(message: str, status: int) -> Response:
    """Return an error with the documented members Status and Messages."""
    return JSONResponse(
        {"Code": status, "Status": "error", "Messages": [message], "Result": None, "Total": 0}, status
    )


def not_authorised(status: int = 401) -> Response:
    """Return the answer of the framework to a call without a valid token (401), or without the right (403)."""
    response = JSONResponse({"Message": NOT_AUTHORISED}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def internal_error() -> Response:
    """Return the web page of an internal error."""
    return html_page("Error", f"An error occurred. CorrelationID: {new_id()}", 500)


def login_page() -> Response:
    """Return the login page."""
    form = "User name <input name='username'> Password <input name='password' type='password'>"
    return html_page("Privilege Manager - Log in", form)


def product_page() -> Response:
    """Return what stands in place of the product's own pages, such as the view of an item."""
    return html_page(
        "Practice Privilege Manager", "This server has the API of Privilege Manager, and no pages."
    )
