"""Shopping carts: one per user and name, shared by all scripts of the user, as on an instance."""

from collections.abc import Mapping

from services.practice.accounts_and_sessions import User
from services.practice.database import Database, Row
from services.practice.orders_and_approvals import (
    Order,
    OrderError,
    OrderLine,
    list_variables,
    place_order_lines,
)

TWO_STEP_PROPERTY = "glide.sc.checkout.twostep"


class Carts:
    """The carts of one user."""

    def __init__(self, database: Database, user: User) -> None:
        self._database = database
        self._user = user

    def cart(self, name: str) -> str:
        """Return the sys_id of the user's cart with this name, created if missing."""
        key = {"name": name, "user": self._user.sys_id}
        with self._database.transaction():
            found = self._database.first("sc_cart", **key)
            return (
                found["sys_id"] if found else self._database.insert("sc_cart", key, by=self._user.user_name)
            )

    def items(self, name: str) -> list[Row]:
        """Return the lines of a cart."""
        return self._database.rows("sc_cart_item", cart=self.cart(name))

    def add(self, name: str, item: str, quantity: str, variables: Mapping[str, str]) -> str:
        """Add an item to a cart and return the sys_id of the line."""
        with self._database.transaction():
            values = {"cart": self.cart(name), "cat_item": item, "quantity": quantity}
            line = self._database.insert("sc_cart_item", values, by=self._user.user_name)
            for variable, value in variables.items():
                self.set_variable(line, variable, value)
        return line

    def set_variable(self, line: str, variable: str, value: str) -> None:
        """Set a variable of a line; unknown variables are ignored."""
        row = self._database.get("sc_cart_item", line)
        options = list_variables(self._database, row["cat_item"]) if row else []
        option = next((one for one in options if one["name"] == variable), None)
        if option is None:
            return
        key = {"cart_item": line, "item_option_new": option["sys_id"]}
        with self._database.transaction():
            found = self._database.first("sc_item_option", **key)
            if found is None:
                self._database.insert("sc_item_option", {**key, "value": value}, by=self._user.user_name)
            else:
                self._database.update("sc_item_option", found["sys_id"], {"value": value})

    def order_now(self, name: str, item: str, quantity: str, variables: Mapping[str, str]) -> Order | None:
        """Order one item without the cart; with two-step checkout, add it to the cart and return None."""
        if self._database.is_set(TWO_STEP_PROPERTY, default=False):
            self.add(name, item, quantity, variables)
            return None
        return self._place([OrderLine(item, variables, quantity)])[0]

    def check_out(self, name: str) -> Order | None:
        """Order all lines of a cart as one request and empty it; None if it is empty."""
        with self._database.transaction():
            lines = [
                OrderLine(row["cat_item"], self._variables(row["sys_id"]), row["quantity"])
                for row in self.items(name)
            ]
            if not lines:
                return None
            placed = self._place(lines)[0]
            self.empty(name)
        return placed

    def empty(self, name: str) -> None:
        """Remove all lines of a cart."""
        with self._database.transaction():
            for row in self.items(name):
                for option in self._database.rows("sc_item_option", cart_item=row["sys_id"]):
                    self._database.delete("sc_item_option", option["sys_id"])
                self._database.delete("sc_cart_item", row["sys_id"])

    def _variables(self, line: str) -> dict[str, str]:
        values = {}
        for stored in self._database.rows("sc_item_option", cart_item=line):
            option = self._database.get("item_option_new", stored["item_option_new"])
            if option is not None:
                values[option["name"]] = stored["value"]
        return values

    def _place(self, lines: list[OrderLine]) -> list[Order]:
        for line in lines:
            if not line.item:
                raise OrderError("No catalog item was named.")
        return place_order_lines(self._database, lines, user_id=self._user.sys_id, by=self._user.user_name)
