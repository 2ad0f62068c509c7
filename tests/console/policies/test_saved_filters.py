"""Saved filters of the list of policies, as they come back from the settings."""

import pytest

from console.policies.policy_rows import Criteria, PolicyFilter
from console.policies.saved_filters import SETTING, SavedFilters


class Settings(dict):
    def text(self, key, default=""):
        return self.get(key, default)

    def set_text(self, key, value):
        self[key] = value


def test_filters_come_back_in_their_order():
    settings = Settings()
    first = SavedFilters(settings)
    first.add("Sleeping", Criteria(PolicyFilter.INACTIVE, "baseline"))
    first.add("Macs", Criteria(platform="macos"))
    again = SavedFilters(settings)
    assert again.filters == first.filters
    again.remove("saved:Sleeping")
    assert SavedFilters(settings).chips == [("saved:Macs", "Macs")]


@pytest.mark.parametrize("text", ["{", "[1]", '[{"name": "x"}]', '[{"name": "x", "filter": "new one"}]'])
def test_what_cannot_be_read_is_left_out(text):
    assert SavedFilters(Settings({SETTING: text})).filters == []
