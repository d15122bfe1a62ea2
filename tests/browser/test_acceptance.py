"""The story from complaint to closure, every step in a real browser: the complainant complains, staff answer, she accepts."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.tables import ClockRow, ComplaintRow, RemedyRow
from engine.zones import local_date
from tests.browser.conftest import scrolls_sideways
from tests.browser.visitor import complain


class Office:
    """Colleagues at their pages; ``look`` is called on every task page before it is sent."""

    def __init__(self, browse, sign_in, server, reference, look=lambda page, name: None):
        self.browse, self.sign_in, self.server, self.reference, self.look = (
            browse,
            sign_in,
            server,
            reference,
            look,
        )
        self.pages = {}

    def page_of(self, name):
        if name not in self.pages:
            self.pages[name] = self.browse().page
            self.sign_in(self.pages[name], name)
        return self.pages[name]

    def owner(self):
        return self.row().owner

    def row(self):
        query = select(ComplaintRow).where(ComplaintRow.reference == self.reference)
        return self.server.service.engine.read(lambda session: session.scalar(query))

    def do(self, name, task, fill=lambda page: None):
        """Find the task by the complaint's reference in the inbox, claim it if need be, fill it in and send it."""
        page = self.page_of(name)
        for box in ("mine", "groups"):
            page.goto(f"{self.server.url}/staff/?box={box}&q={self.reference}")
            link = page.get_by_role("link", name=task, exact=True)
            if link.count():
                link.first.click()
                break
        page.get_by_role("heading", name=task, level=1).wait_for()
        claim = page.get_by_role("button", name="Claim this task")
        if claim.count():
            claim.click()
            page.get_by_text("The task is yours.").wait_for()
        fill(page)
        self.look(page, task)
        page.locator("button.btn-primary", has_text="Complete the task").click()
        page.get_by_text(f"Done: {task}.").wait_for()
        self.server.settle()


def test_a_complaint_goes_from_the_public_form_to_closure(browse, sign_in, server, tmp_path):
    evidence = tmp_path / "receipt.txt"
    evidence.write_text("Order 42, paid 84.50")
    ann = browse().page
    reference = complain(ann, server.url, file=evidence)
    server.settle()
    office = Office(browse, sign_in, server, reference)

    office.do("ina", "Screen the complaint")
    owner = office.owner()
    office.do(owner, "Assess the complaint", _assess)
    office.do(owner, "Confirm priority and lane", lambda page: _lane(page, "Standard"))
    office.do(
        owner,
        "Plan the investigation",
        lambda page: page.get_by_role("textbox").first.fill("Where is the parcel?"),
    )
    office.do(
        owner,
        "Examine the evidence",
        lambda page: page.get_by_role("textbox").first.fill("Sent 3 Nov, lost 5 Nov."),
    )
    office.do(owner, "Record the finding", _find)
    office.do(owner, "Draft the answer", _draft)
    office.do("quinn", "Check the quality", lambda page: page.locator("input[type=radio]").first.check())
    approver = "ada" if owner != "ada" else "max"
    office.do(approver, "Approve the decision", lambda page: page.locator("input[type=radio]").first.check())

    ann.get_by_role("link", name="Follow my complaint").click()
    ann.wait_for_url("**/status")
    assert "We have sent you our answer" in ann.locator("main").inner_text()
    ann.get_by_role("link", name="Read and reply").click()
    ann.get_by_text("the parcel was lost on the way").wait_for()
    ann.locator("input[type=radio]").first.check()
    ann.locator(".rd-main-button").click()
    ann.get_by_text("Thank you").first.wait_for()
    server.settle()

    today = local_date(server.service.clock.now(), server.service.calendars.get(None).zone)
    office.do(owner, "Carry out the promise", lambda page: _carry_out(page, today))
    office.do("quinn", "Verify the correction", lambda page: page.locator("input[type=radio]").first.check())
    office.do(
        owner, "Look back on the complaint", lambda page: page.locator("select").first.select_option(index=2)
    )

    row = office.row()
    assert (row.state, row.closing_reason, row.outcome) == ("closed", "accepted", "upheld")
    read = server.service.engine.read
    clocks = dict(
        read(
            lambda db: db.execute(
                select(ClockRow.name, ClockRow.state).where(ClockRow.complaint_key == row.key)
            ).all()
        )
    )
    assert clocks["acknowledgement"] == clocks["final_response"] == "met"
    (remedy,) = read(lambda db: db.scalars(select(RemedyRow).where(RemedyRow.complaint_key == row.key)).all())
    assert (remedy.kind, remedy.corrected_by, remedy.verified_by) == ("refund", owner, "quinn")
    ann.goto(f"{server.url}/status")
    assert "Your complaint is closed" in ann.locator("main").inner_text()
    assert not server.service.engine.read(
        lambda db: [i.error_message for i in server.service.engine.incidents().items if i.state == "ACTIVE"]
    )


def _assess(page):
    for group in ("severity", "complexity"):
        page.locator(f"input[type=radio][name={group}]").nth(1).check()
    page.locator("input[type=radio][name=impact]").first.check()


def _lane(page, lane):
    page.get_by_role("radio", name=lane, exact=False).first.check()
    reason = page.locator("textarea")
    if reason.count() and reason.first.is_visible():
        reason.first.fill("The facts are not clear yet.")


def _find(page):
    page.locator("input[type=radio][name=outcome]").first.check()
    page.locator("textarea[name=findingReasons]").fill("The carrier lost it.")
    page.locator("select[name=rootCause]").select_option(index=2)


def _draft(page):
    page.locator("input[type=radio][name=outcome]").first.check()
    page.locator("textarea[name=answerText]").fill(
        "You are right: the parcel was lost on the way. We are sorry."
    )
    page.locator("select[name=remedyKind]").select_option(index=2)
    page.locator(
        "button", has_text="Save for later"
    ).click()  # fields that depend on the answer appear with the next page
    page.locator("input[name=amount]").fill("84.50")
    page.locator("input[name=remedyWhat]").fill("Refund of the price")


def _carry_out(page, day):
    for part in ("day", "month", "year"):
        page.locator(f"input[name=doneOn-{part}]").fill(str(getattr(day, part)))
    page.locator("input[name=proof]").fill("Payment 4711")


STAFF_PAGES = (
    ("lea", "/staff/"), ("lea", "/staff/?box=groups"), ("lea", "/staff/?q=zebra"), ("lea", "/staff/complaints"),
    ("lea", "/staff/complaints?from=1+1+2026"), ("lea", "/staff/record"), ("lea", "/staff/due"), ("lea", "/staff/notices"),
    ("max", "/staff/incidents"),
)  # fmt: skip


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_of_colleagues_has_a_barrier(browse, sign_in, server, axe, width, dark):
    visitor = browse()
    reference = complain(visitor.page, server.url)
    server.settle()
    found = {}
    pages = {}
    for name, path in STAFF_PAGES:
        if name not in pages:
            pages[name] = browse(width=width, dark=dark).page
            sign_in(pages[name], name)
        pages[name].goto(f"{server.url}{path}")
        found[path] = axe(pages[name]), scrolls_sideways(pages[name])
    lea = pages["lea"]
    lea.goto(f"{server.url}/staff/complaints?q={reference}")
    address = lea.url
    for tab in ("overview", "timeline", "clocks", "papers", "diagram"):
        lea.goto(f"{address}/{tab}")
        for opened in lea.locator("summary").all():
            opened.click()
        found[tab] = axe(lea), scrolls_sideways(lea)
    lea.goto(f"{server.url}/staff/?box=groups&q={reference}")
    lea.get_by_role("link", name="Screen the complaint", exact=True).click()
    found["task"] = axe(lea), scrolls_sideways(lea)
    lea.get_by_role("link", name="Assign to somebody").click()
    found["assign"] = axe(lea), scrolls_sideways(lea)
    lea.get_by_role("button", name="Assign", exact=True).click()
    found["assign refused"] = axe(lea), scrolls_sideways(lea)
    lea.goto(f"{server.url}/staff/record")
    lea.locator("button.rd-main-button").click()
    found["record refused"] = axe(lea), scrolls_sideways(lea)
    lea.goto(f"{server.url}/staff/nowhere")
    found["not found"] = axe(lea), scrolls_sideways(lea)

    assert {path: result for path, result in found.items() if result != ([], False)} == {}
