"""What past requests and checks say about the durations of a process, compared with the durations that are typed."""

from typing import TYPE_CHECKING

from console.forms.field_editors import DurationField
from console.objects.answer_times_card import AnswerTimesCard
from console.objects.load_forecast import ForecastCard, ProcessLoad, UnknownLoad
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage

STATISTICS_DEBOUNCE_MS = 1500
"""Polled requests change in batches; statistics about all of them change slowly."""


class TimingStatistics:
    """The cards `forecast` and `answers` of a process page, and the statistics that they show."""

    def __init__(self, page: "ObjectPage") -> None:
        self._page = page
        self.forecast = ForecastCard()
        self.answers = AnswerTimesCard()
        self._load: ProcessLoad = UnknownLoad()
        self._debounce = Debounce(page, STATISTICS_DEBOUNCE_MS, self.load)

    def request_load(self) -> None:
        """Read the statistics soon, because requests changed."""
        self._debounce.request()

    def load(self) -> None:
        """Read the statistics of a stored process now."""
        session = self._page.session
        if session.ready and not session.is_new:
            self._page.tasks.start(self._read(), group="judgements")

    async def _read(self) -> None:
        ctx, process_id = self._page.ctx, self._page.session.id
        await lazy_imports.ready(ctx, lazy_imports.statistics)
        from services.statistics import timing_advice

        workspace = await ctx.ready()
        self._load = await ctx.call(timing_advice.load_polling_load, workspace.store, process_id)
        self.answers.show_times(
            await ctx.call(timing_advice.load_approval_times, workspace.store, process_id)
        )
        self.show()

    def show(self) -> None:
        """Compare the statistics with the durations that are typed."""
        form = self._page.form
        check_every_s = form.editor("check_every_s", DurationField).seconds
        timeout_after_s = form.editor("timeout_after_s", DurationField).seconds
        self.forecast.show_load(check_every_s, timeout_after_s, self._load)
        self.answers.show_timeout(timeout_after_s)
