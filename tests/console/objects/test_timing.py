"""The timing of a process page: what past requests say follows the fields while they are typed."""

from datetime import timedelta

from console.objects import timing_statistics
from console.runtime.page_targets import Target
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind
from tests.console.objects.test_object_pages import opened
from tests.console.page_support import until


def put(store, process, state, took=None):
    """Store a request of noon yesterday."""
    at = (utcnow() - timedelta(days=1)).replace(hour=12)
    ended = None if took is None else at + timedelta(seconds=took)
    with store.write() as work:
        work.insert(ApprovalRequest(process_id=process.id, state=state, requested_at=at, ended_at=ended))


def test_share_and_load_follow_what_is_typed_and_what_happens(run, ctx, configuration, store, monkeypatch):
    monkeypatch.setattr(timing_statistics, "STATISTICS_DEBOUNCE_MS", 1)
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Process"))
    for took in (60, 600, 1500, 4000):
        put(store, process, "approved", took)
    put(store, process, "pending")

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            said, load = page.timing.answers.accessibleDescription, page.timing.forecast.accessibleDescription
            await until(lambda: said() == "50 % of the last 4 approvals came after this timeout.")
            await until(lambda: "900 calls an hour" in load())  # five at a usual peak, every 20 s
            timeout = page.form.field("timeout_after_s").editor.widget
            timeout.number.setValue(30)
            assert said() == "25 % of the last 4 approvals came after this timeout."
            every = page.form.field("check_every_s").editor.widget
            every.number.setValue(40)
            assert "450 calls an hour" in load()
            put(store, process, "approved", 9000)
            await until(lambda: said() == "40 % of the last 5 approvals came after this timeout.")
            page.session.discard()

    run(story())
