"""Public pages: what they promise, what they refuse, what they keep, and that nothing happens twice."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from api.complaints import links
from api.complaints.answers.sheets import of_complaint
from api.complaints.forgetting import forget_expired
from api.complaints.importing.history import keep_closed
from api.complaints.intake import Ending, NewComplaint, PartyDetails, link_of_sender, receive
from api.complaints.policies import kinds, second_look
from api.complaints.tables import ComplaintRow, DocumentRow, DraftRow, EventRow, LinkRow, oldest_first
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from engine import forms
from engine.actors import SYSTEM
from engine.store.tables import outbox
from tests.api.conftest import ROOT
from tests.api.web.staff_desk import complain
from tests.api.web.visitor import Visitor

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def ann(app, clock):
    return Visitor(app, clock)


@pytest.fixture
def staff(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=service.clock.now()))
    return Staff(service)


@pytest.fixture
def count(service):
    return lambda table: service.engine.read(lambda db: db.scalar(select(func.count()).select_from(table)))


def only_complaint(service):
    return service.engine.read(lambda db: db.scalar(select(ComplaintRow)))


def events(service, kind):
    query = select(EventRow).where(EventRow.kind == kind).order_by(*oldest_first(EventRow))
    return service.engine.read(lambda db: db.scalars(query).all())


def sheets(service, title):
    """Return what was kept of the forms with this title: question → answer."""
    complaint = only_complaint(service)
    kept = service.engine.read(lambda db: of_complaint(db, complaint.key, names={}))
    return [{line["label"]: line["text"] for line in one.lines} for one in kept if one.title == title]


def mails(service):
    return service.engine.read(lambda db: db.execute(select(outbox)).all())


# what the organisation says of itself


@pytest.mark.parametrize(
    "path", ["/", "/help", "/accessibility", "/privacy", "/about", "/complain", "/lost-link"]
)
def test_every_page_opens_without_an_account_and_speaks_plainly(ann, path):
    answer = ann.open(path)

    assert answer.status_code == 200
    assert ann.page.count("<h1") == 1
    assert not re.search(r"\b(token|instance|incident|case)s?\b", ann.text, re.IGNORECASE)
    assert "style=" not in ann.page
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_guidance_promises_what_the_clocks_keep(ann):
    ann.open("/")

    assert "Within 1 working day you get a reference" in ann.text
    assert "at least every 10 working days" in ann.text
    assert "You have our answer within 20 working days" in ann.text
    assert "within 6 months of our answer" in ann.text
    assert "Working days are Monday to Friday" in ann.text


def test_a_limit_that_the_table_does_not_set_is_left_out(app, clock, service):
    files = [(path.name, path.read_bytes()) for path in service.settings.processes_dir.glob("deadlines.dmn")]
    shorter = [(name, data.replace(b'"acknowledgement"', b'"greeting"')) for name, data in files]
    service.engine.deploy(shorter)
    visitor = Visitor(app, clock)

    visitor.open("/")

    assert "Within" not in visitor.text
    assert "You get a reference, the name of your contact" in visitor.text


# making a complaint


def test_a_complaint_is_made_step_by_step_and_received(ann, service):
    ann.fill_in()
    ann.open("/complain/check")
    assert "Not delivered, late or incomplete" in ann.text
    assert ann.send_off().location == "/complain/receipt"

    answer = ann.open("/complain/receipt")

    row = only_complaint(service)
    assert row.reference in ann.text
    assert (row.channel, row.problem, row.product, row.description) == (
        "web",
        "provision",
        "goods",
        "The parcel never came. I called twice and nobody called back.",
    )
    assert "by 21 Dec 2026" in ann.text, "the date of the final response"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_questions_that_do_not_apply_are_neither_counted_nor_asked(ann):
    ann.send("/complain/what-happened", description="It broke.")
    ann.open("/complain/what-it-is-about")
    assert "Question 2 of 10" in ann.text
    ann.fill_in()
    ann.pick("/complain/danger", dangerReported="Yes")
    ann.open("/complain/what-the-danger-is")
    assert "Question 5 of 11" in ann.text


def test_a_question_that_an_answer_leads_to_is_asked_before_the_page_is_left(ann, service):
    ann.fill_in()
    ann.open("/complain/what-was-done-before?change=1")
    assert "When did you tell us first?" not in ann.text
    told = {
        "toldBefore": ann.option("toldBefore", "Yes"),
        "withOutsideBody": ann.option("withOutsideBody", "No"),
    }

    answer = ann.send("/complain/what-was-done-before?change=1", _asked=ann.hidden("_asked"), **told)
    assert answer.status_code == 200
    assert "When did you tell us first?" in ann.text
    assert "One more question" in ann.text
    assert "There is a problem" not in ann.text

    blank = {f"firstRaisedOn-{part}": "" for part in ("day", "month", "year")}
    answer = ann.send(None, _asked=ann.hidden("_asked"), **told, **blank)
    assert answer.status_code == 303, "it may stay open"

    ann.open("/complain/what-was-done-before?change=1")
    day = {"firstRaisedOn-day": "2", "firstRaisedOn-month": "11", "firstRaisedOn-year": "2026"}
    ann.send(None, _asked=ann.hidden("_asked"), **told, **day)
    ann.send_off()
    (first,) = service.engine.read(
        lambda session: session.scalars(select(ComplaintRow.first_raised_on)).all()
    )
    assert first == date(2026, 11, 2)


def with_question(service, key, **more):
    """Deploy what is shipped, with a question of the owner's on the first page of the public form."""
    schema = json.loads((ROOT / "forms" / "complaint.form").read_text())
    asked = {"type": "textfield", "id": f"F_{key}", "key": key, "label": f"The {key}?"}
    schema["components"][0]["components"].append(asked | more)
    shipped = [
        path for folder in ("processes", "forms") for path in (ROOT / folder).iterdir() if path.is_file()
    ]
    files = {path.name: path.read_bytes() for path in shipped if path.suffix in (".bpmn", ".dmn", ".form")}
    service.engine.deploy(list((files | {"complaint.form": json.dumps(schema).encode()}).items()))


def test_a_first_page_is_read_by_the_form_it_was_made_from(ann, service):
    """The owner replaces a question while the page is open, and again while the others are."""
    with_question(service, "lighthouse")
    ann.open("/complain/what-happened")
    with_question(service, "beacon")
    assert ann.send(description="It broke.", other="x", lighthouse="Norfolk numbat").status_code == 422
    assert "Norfolk numbat" in ann.page, "the page comes back as it was made"
    assert ann.send(description="It broke.", lighthouse="Portland quokka").status_code == 303
    with_question(service, "harbour")
    ann.fill_in_the_rest()
    ann.open("/complain/check")
    assert "The lighthouse? Portland quokka" in ann.text
    ann.send_off()

    ((kept),) = sheets(service, "Complaint on our website")
    assert kept["The lighthouse?"] == "Portland quokka"
    assert "The beacon?" not in kept


def test_a_page_that_outlived_its_draft_is_read_by_the_form_it_was_made_from(ann, service, clock):
    with_question(service, "lighthouse")
    ann.send("/complain/what-happened", description="It broke.")
    ann.open("/complain/what-happened")
    clock.advance(timedelta(days=7))
    with_question(service, "beacon")

    assert ann.send(description="It broke.", lighthouse="Portland quokka").location.endswith("-about")
    ann.open("/complain/what-happened")
    assert "Portland quokka" in ann.page
    assert "Portland quokka" not in ann.text


def test_pages_of_two_versions_of_the_form_lose_nothing_unseen(ann, service):
    """A page is left open, the complaint begun anew on the form that the owner deployed meanwhile."""
    with_question(service, "lighthouse")
    ann.open("/complain/what-happened")
    left_open = {name: ann.hidden(name) for name in ("_key", "_version", "_draft")}
    with_question(service, "beacon")
    ann.send("/complain/what-happened", description="It broke.", beacon="Norfolk numbat")
    ann.open("/complain/what-it-is-about")
    ann.send(
        problem=ann.option("problem", "Not delivered, late or incomplete"),
        product=ann.option("product", "Goods"),
    )
    typed = {"_do": "continue", "description": "It broke.", "lighthouse": "Portland quokka"}

    assert ann.post("/complain/what-happened", **typed, **left_open).status_code == 409
    assert "The beacon? Norfolk numbat" in ann.text
    assert "Not delivered, late or incomplete" in ann.text, "all that was kept is shown"
    assert "Portland quokka" in ann.page
    again = {name: ann.hidden(name) for name in ("_key", "_version", "_draft")}
    assert ann.post("/complain/what-happened", **typed, **again).status_code == 303
    assert ann.open("/complain/check").location == "/complain/danger", "what both versions ask stays answered"
    ann.fill_in_the_rest()
    ann.send_off()

    ((kept),) = sheets(service, "Complaint on our website")
    assert kept["The lighthouse?"] == "Portland quokka"


def test_what_was_typed_for_a_question_of_no_version_stands_on_the_page(ann, count):
    ann.open("/complain/what-happened")

    assert ann.send(description="It broke.", lighthouse="Portland quokka").status_code == 422
    assert "Portland quokka" in ann.text
    assert count(DraftRow) == 0


def test_who_skips_ahead_gets_the_first_unanswered_question(ann):
    assert ann.open("/complain/files").location == "/complain/what-happened"
    ann.send("/complain/what-happened", description="It broke.")
    assert ann.open("/complain/files").location == "/complain/what-it-is-about"
    assert ann.open("/complain/check").location == "/complain/what-it-is-about"
    assert ann.open("/complain/what-the-danger-is").location == "/complain/what-it-is-about", "hidden now"


def test_back_and_save_keep_what_was_typed_without_judging_it(ann):
    ann.send("/complain/what-happened", description="It broke.")
    back = ann.send("/complain/what-it-is-about", button="back", accountReference="A-17")
    assert back.location == "/complain/what-happened"
    assert (
        ann.send("/complain/what-it-is-about", button="save", accountReference="A-18").location
        == "/complain/saved"
    )
    ann.open("/complain/what-it-is-about")
    assert 'value="A-18"' in ann.page


def test_a_change_leads_back_to_the_answers(ann):
    ann.fill_in()
    changed = ann.send("/complain/what-happened?change=1", description="It broke twice.")
    assert changed.location == "/complain/check"
    ann.open("/complain/check")
    assert "It broke twice." in ann.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"occurredOn-day": "31", "occurredOn-month": "11", "occurredOn-year": "2025"}, "does not exist"),
        (
            {"occurredOn-day": "1", "occurredOn-month": "1", "occurredOn-year": "2030"},
            "must be today or in the past",
        ),
        (
            {"occurredOn-day": "1", "occurredOn-month": "1", "occurredOn-year": "1889"},
            "must be 1 January 1990 or later",
        ),
        ({"occurredOn-day": "1", "occurredOn-year": "2026"}, "month"),
    ],
)
def test_a_date_that_cannot_be_is_explained_at_the_field(ann, fields, said):
    ann.send("/complain/what-happened", description="It broke.")
    ann.open("/complain/what-it-is-about")
    ann.send("/complain/what-it-is-about", problem=ann.option("problem", "Price, bill or payment"))

    answer = ann.send("/complain/when-it-happened", **fields)

    assert answer.status_code == 422
    assert "There is a problem" in ann.text
    assert said in ann.text
    assert f'value="{fields["occurredOn-year"]}"' in ann.page, "what was typed is gone"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script><b>bold</b>",
        "=HYPERLINK(1)",
        "{{ 7*7 }} ${7*7} {% raw %}",
        "naïve 日本 \U0001f4a5 \u202eevil\u202c",
        "&amp; &lt; “quotes” 'single' \"double\"",
    ],
)
def test_any_text_is_kept_as_it_is_and_shown_as_text(ann, service, text):
    ann.fill_in(story=text)
    ann.open("/complain/check")
    assert "<b>bold" not in ann.page
    assert "<script>alert" not in ann.page
    ann.send_off()

    assert only_complaint(service).description == text


def test_a_narrative_of_100_kb_is_refused_at_the_field_and_kept(ann, count):
    long = "word " * 20_480
    answer = ann.send("/complain/what-happened", description=long)
    assert answer.status_code == 422
    assert "Shorten your answer to 20,000 characters" in ann.text
    assert long.strip() in ann.page
    assert count(ComplaintRow) == 0


def test_nul_and_lone_surrogates_never_reach_the_register(ann, service):
    ann.fill_in(story="It\x00 broke\x07 twice")
    if service.engine.read(lambda db: db.scalar(select(func.count()).select_from(DraftRow))):
        ann.send_off()
    row = only_complaint(service)
    assert row is None or ("\x00" not in row.description and "\x07" not in row.description)
    ann.open("/complain")
    assert ann.open("/complain/what-happened").status_code in (200, 303)


def test_names_the_page_never_had_change_nothing(ann, count):
    answer = ann.send("/complain/what-happened", description="It broke.", approved_amount="1000")
    assert answer.status_code == 422
    assert "approved_amount" in ann.text
    assert count(DraftRow) == 0


def test_a_page_without_its_own_mark_changes_nothing(ann, count):
    ann.open("/complain/what-happened")
    answer = ann.post("/complain/what-happened", csrf=False, description="It broke.")
    assert answer.status_code == 400
    assert count(DraftRow) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/complain/what-happened",
        "/complain/check",
        "/complain/discard",
        "/complain/saved",
        "/lost-link",
        "/status/add",
        "/status/withdraw",
        "/status/answer",
        "/status/survey",
        "/status/leave",
    ],
)
def test_every_posting_needs_the_mark_of_the_page(ann, path):
    assert ann.post(path, csrf=False).status_code == 400


# programs and floods


def test_the_field_nobody_sees_stops_programs(ann, count):
    answer = ann.send("/complain/what-happened", description="Buy now", website="https://spam.example")
    assert answer.status_code == 422
    assert "Leave the field “Website” empty" in ann.text
    assert "Buy now" in ann.text, "a person keeps what they typed"
    assert count(DraftRow) == 0


def test_an_answer_in_no_time_is_asked_to_be_sent_again(ann, count):
    answer = ann.send("/complain/what-happened", wait=1, description="It broke.")
    assert answer.status_code == 422
    assert "too quick" in ann.text
    assert count(DraftRow) == 0
    again = ann.send(None, wait=3, description="It broke.")
    assert again.status_code == 303


def test_a_forged_moment_does_not_help(ann, count):
    ann.open("/complain/what-happened")
    answer = ann.post("/complain/what-happened", description="It broke.", _do="continue", _key="1.forged")
    assert answer.status_code == 422
    assert count(DraftRow) == 0


def test_the_eleventh_beginning_in_a_minute_waits_and_reads_phone_and_post(app, clock, service):
    taken = 0
    for _ in range(11):
        someone = Visitor(app, clock)
        taken += someone.send("/complain/what-happened", wait=3, description="It broke.").status_code == 303

    assert taken == 10
    answer = someone.send("/complain/what-happened", wait=3, description="It broke.")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert service.organisation.phone in someone.text
    assert service.organisation.address in someone.text
    neighbour = Visitor(app, clock, address="192.0.2.2")
    assert neighbour.send("/complain/what-happened", wait=3, description="It broke.").status_code == 303


@pytest.mark.parametrize(
    "fields", [{f"f{number}": "x" for number in range(500)}, {"description": "x" * 600_000}]
)
def test_odd_bodies_are_refused_before_they_are_read(ann, fields):
    ann.open("/complain/what-happened")
    assert ann.post("/complain/what-happened", **fields).status_code == 413
    assert "That is too large" in ann.text


# drafts


def test_only_the_hash_of_the_cookie_is_stored(ann, service):
    ann.send("/complain/what-happened", description="It broke.")
    cookie = ann.client.get_cookie("redress-draft")
    place = service.engine.read(lambda db: db.scalar(select(DraftRow.place)))
    assert len(cookie.value) >= 43
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.value not in place


def test_a_draft_is_gone_after_seven_days_and_that_is_explained(ann, clock):
    ann.send("/complain/what-happened", description="It broke.")
    clock.advance(timedelta(days=7, seconds=1))
    answer = ann.open("/complain/what-it-is-about")
    assert answer.status_code == 410
    assert "Your answers are no longer here" in ann.text
    assert ann.client.get_cookie("redress-draft") is None


def test_what_is_typed_after_the_draft_has_lapsed_begins_a_new_one(ann, clock):
    ann.send("/complain/what-happened", description="It broke.")
    ann.open("/complain/what-it-is-about")
    clock.advance(timedelta(days=7, seconds=1))
    ann.post("/complain/what-happened", description="Again.", _do="continue", _key=ann.hidden("_key"))
    ann.open("/complain/what-it-is-about")
    assert "erased after seven days" in ann.text


def test_the_link_to_come_back_works_in_another_browser_and_is_mailed(ann, app, clock, service):
    ann.send("/complain/what-happened", button="save", description="It broke.")
    ann.open("/complain/saved")
    link = re.search(r"/complain/resume/[\w-]+", ann.page)[0]
    ann.send("/complain/saved", email="ann@example.org")
    assert "We are sending the link to ann@example.org" in ann.text

    elsewhere = Visitor(app, clock)
    assert elsewhere.open(link).location == "/complain"
    elsewhere.open("/complain/what-happened")

    assert "It broke." in elsewhere.page
    assert link.rpartition("/")[2] not in str(mails(service)), "what is kept holds the link sealed"
    service.run_due()
    (left,) = service.settings.outbox_dir.glob("*.eml")
    assert link in left.read_text().replace("=\n", "")


def test_a_link_that_leads_to_no_draft_says_so(ann):
    assert ann.open("/complain/resume/nothing").status_code == 404
    assert "Your answers are no longer here" in ann.text


def test_erasing_takes_answers_and_files(ann, count, service):
    ann.fill_in()
    ann.send("/complain/files", uploads={"documents-upload": [("bill.pdf", PDF)]})
    assert count(DocumentRow) == 1
    ann.open("/complain")
    ann.post("/complain/discard")
    assert (count(DraftRow), count(DocumentRow)) == (0, 0)
    assert list(service.settings.uploads_dir.iterdir()) == []


# files


def test_files_are_kept_at_once_and_go_with_the_complaint(ann, service):
    ann.fill_in()
    ann.send(
        "/complain/files",
        button="save",
        uploads={"documents-upload": [("bill.pdf", PDF), ("note.txt", b"hello")]},
    )
    ann.open("/complain/check")
    assert "bill.pdf" in ann.text
    ann.send_off()
    rows = service.engine.read(
        lambda db: db.scalars(select(DocumentRow).order_by(*oldest_first(DocumentRow))).all()
    )
    assert [(row.name, row.complaint_key) for row in rows] == [
        ("bill.pdf", only_complaint(service).key),
        ("note.txt", only_complaint(service).key),
    ]
    assert all(row.draft_sha256 is None for row in rows)


def test_a_file_given_to_two_questions_stays_with_the_one_it_is_not_removed_from(ann, service, count):
    with_question(service, "photos", type="filepicker", multiple=True)
    ann.send(
        "/complain/what-happened", description="It broke.", uploads={"photos-upload": [("roof.txt", b"x")]}
    )
    ann.fill_in_the_rest()
    ann.send("/complain/files", uploads={"documents-upload": [("roof.txt", b"x")]})
    assert count(DocumentRow) == 1
    ann.open("/complain/files")
    key = ann.hidden("documents")

    assert ann.send(button=f"remove-file:documents:{key}", documents=key).status_code == 200
    ann.open("/complain/check")
    assert "The photos? roof.txt" in ann.text
    assert count(DocumentRow) == 1
    ann.open("/complain/what-happened")
    given = {"description": "It broke.", "photos": key}
    assert ann.send(button=f"remove-file:photos:{key}", **given).status_code == 200
    assert count(DocumentRow) == 0, "no question holds it any more"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("virus.exe", b"MZ\x90\x00", "must be one of these kinds: pdf"),
        ("page.html", b"<html><script>1</script></html>", "must be one of these kinds"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "must be one of these kinds"),
        ("pretender.pdf", b"MZ\x90\x00", "must be one of these kinds"),
        ("pretender.txt", b"<script>alert(1)</script>", "must be one of these kinds"),
        ("empty.pdf", b"", "empty"),
        ("big.txt", b"x" * (10 * 1024 * 1024 + 1), "10 MB"),
    ],
)
def test_a_file_that_is_not_accepted_is_named_and_the_others_stay(ann, name, content, said):
    ann.fill_in()
    answer = ann.send("/complain/files", uploads={"documents-upload": [("bill.pdf", PDF), (name, content)]})
    assert answer.status_code == 422
    assert name in ann.text
    assert said in ann.text
    assert "bill.pdf" in ann.text, "the accepted file is gone"


@pytest.mark.parametrize("button", ["save", "back"])
def test_nobody_leaves_the_page_of_a_file_that_is_not_kept_unaware(ann, button):
    ann.fill_in()
    files = {"documents-upload": [("bill.pdf", PDF), ("virus.exe", b"MZ")]}
    assert ann.send("/complain/files", button=button, uploads=files).status_code == 422
    assert "virus.exe" in ann.text
    assert "bill.pdf" in ann.text


def test_an_eleventh_file_is_refused(ann, count):
    ann.fill_in()
    many = [(f"note-{number}.txt", b"hello") for number in range(11)]
    assert ann.send("/complain/files", uploads={"documents-upload": many}).status_code == 422
    assert count(DocumentRow) <= 10


def test_a_file_of_somebody_else_cannot_be_claimed(ann, app, clock, service):
    ann.fill_in()
    ann.send("/complain/files", uploads={"documents-upload": [("bill.pdf", PDF)]})
    key = service.engine.read(lambda db: db.scalar(select(DocumentRow.key)))
    bob = Visitor(app, clock, address="192.0.2.9")
    bob.fill_in()
    answer = bob.send("/complain/files", documents=str(key))
    assert answer.status_code == 422
    bob.send_off()
    assert service.engine.read(lambda db: db.scalar(select(DocumentRow.complaint_key))) is None


# sending and receipt


def test_pressing_twice_gives_the_same_receipt(ann, app, clock, count, service):
    ann.fill_in()
    ann.open("/complain/check")
    draft = ann.client.get_cookie("redress-draft").value
    assert ann.post("/complain/check").location == "/complain/receipt"
    ann.client.set_cookie("redress-draft", draft)
    ann.client.delete_cookie("redress-receipt")  # the first answer never arrived
    assert ann.post("/complain/check").location == "/complain/receipt"
    ann.open("/complain/receipt")
    assert count(ComplaintRow) == 1
    assert only_complaint(service).reference in ann.text


def test_two_sendings_at_the_same_moment_are_one_complaint(ann, app, clock, count):
    ann.fill_in()
    ann.open("/complain/check")
    twin = Visitor(app, clock)
    for name in ("redress-draft", "redress-form"):
        twin.client.set_cookie(name, ann.client.get_cookie(name).value)
    twin.csrf = ann.csrf
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda one: one.post("/complain/check").location, (ann, twin)))

    assert answers == ["/complain/receipt"] * 2
    assert count(ComplaintRow) == 1
    references = {re.search(r"RD-[\w-]+", one.open("/complain/receipt").text)[0] for one in (ann, twin)}
    assert len(references) == 1


def test_a_draft_left_over_by_a_crash_is_not_sent_again(ann, service, count):
    ann.fill_in()
    ann.open("/complain/check")
    draft = ann.client.get_cookie("redress-draft").value
    kept = service.engine.read(lambda db: db.scalar(select(DraftRow)))
    ann.post("/complain/check")
    service.engine.write(
        lambda db: db.add(
            DraftRow(
                place=kept.place,
                data=kept.data,
                form_key=kept.form_key,
                changed_at=kept.changed_at,
                expires_at=kept.expires_at,
            )
        )
    )
    ann.client.set_cookie("redress-draft", draft)

    assert ann.post("/complain/check").location == "/complain/receipt"
    assert count(ComplaintRow) == 1


def test_a_reload_after_sending_shows_the_receipt_for_half_an_hour(ann, clock):
    ann.complain()
    assert ann.post("/complain/check").location == "/complain/receipt"
    assert ann.open("/complain/receipt").status_code == 200
    assert ann.client.get_cookie("redress-receipt").max_age == 1800


def test_without_an_address_the_receipt_says_write_this_down(ann):
    ann.complain(email="")
    assert "Write this down." in ann.text


def test_somebody_anonymous_gets_a_receipt_too(ann, service):
    reference, _ = ann.complain(anonymous=True)
    assert only_complaint(service).anonymous
    assert only_complaint(service).reference == reference
    assert "Write this down." in ann.text


# the secret link


def test_the_link_opens_a_visit_under_a_clean_address(ann, service):
    reference, link = ann.complain()
    answer = ann.open(link)
    assert (answer.status_code, answer.location) == (303, "/status")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert ann.client.get_cookie("redress-visit").http_only
    ann.open("/status")
    assert reference in ann.text
    assert "We received your complaint" in ann.text
    assert "nobody called back" not in ann.page, "the narrative stands on the page"


def test_unknown_expired_and_revoked_links_look_alike(ann, app, clock, service):
    _, link = ann.complain()
    pages = []

    def see(path):
        stranger = Visitor(app, clock, address="192.0.2.77")
        assert stranger.open(path).status_code == 404
        pages.append(re.sub(r'value="[^"]*"', "", stranger.page))

    see("/t/" + "x" * 43)
    key = only_complaint(service).key
    service.engine.write(lambda db: links.revoke_all(db, key, at=clock.now()))
    see(link)
    fresh = service.engine.write(lambda db: link_of_sender(db, key, at=clock.now()))
    clock.advance(timedelta(days=366))
    see(f"/t/{fresh}")
    see("/status")
    assert pages == [pages[0]] * 4
    assert "Send me a new link" in pages[0]


def test_a_visit_ends_after_half_an_hour_without_use_and_lives_on_with_it(ann, clock):
    _, link = ann.complain()
    ann.open(link)
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        assert ann.open("/status").status_code == 200
    clock.advance(timedelta(minutes=31))
    assert ann.open("/status").status_code == 404


def test_a_link_to_follow_is_no_visit_and_a_visit_no_link(ann):
    _, link = ann.complain()
    ann.open(link)
    visit = ann.client.get_cookie("redress-visit").value
    assert ann.open(f"/t/{visit}").status_code == 404
    ann.client.set_cookie("redress-visit", link.removeprefix("/t/"))
    assert ann.open("/status").status_code == 404


def test_closing_a_visit_ends_it_on_the_server(ann):
    _, link = ann.complain()
    ann.open(link)
    visit = ann.client.get_cookie("redress-visit").value
    ann.open("/status")
    ann.post("/status/leave")
    ann.client.set_cookie("redress-visit", visit)
    assert ann.open("/status").status_code == 404


def test_guessing_links_is_slowed_down(ann):
    codes = [ann.open(f"/t/guess-{number}").status_code for number in range(21)]
    assert codes == [404] * 20 + [429]


def test_a_lost_link_is_mailed_and_the_page_does_not_tell_whether(ann, app, clock, service):
    reference, old = ann.complain()
    before = len(mails(service))
    pages = []
    for given in (
        {"reference": reference.lower(), "email": "ANN@example.org"},
        {"reference": reference, "email": "eve@example.org"},
        {"reference": "RD-3333-3333-3", "email": "ann@example.org"},
    ):
        ann.send("/lost-link", **given)
        pages.append(ann.text.replace(given["email"], ""))

    assert len(set(pages)) == 1
    sent = mails(service)[before:]
    assert len(sent) == 1
    service.run_due()
    (left,) = [
        path.read_text()
        for path in service.settings.outbox_dir.glob("*.eml")
        if "Somebody asked" in path.read_text()
    ]
    new = re.search(r"/t/[\w-]+", left.replace("=\n", ""))[0]
    assert new != old
    assert Visitor(app, clock).open(new).status_code == 303


@pytest.mark.parametrize(
    ("given", "typed", "sent"),
    [
        ("MÜLLER@example.org", "müller@example.org", 1),
        ("ann@MÜLLER.example", "Ann@müller.example", 1),
        ("mu\u0308ller@example.org", "MÜLLER@example.org", 1),
        ("muller@example.org", "müller@example.org", 0),
        ("mü.ller@example.org", "müller@example.org", 0),
    ],
)
def test_a_lost_link_is_mailed_however_the_address_is_spelt(ann, service, given, typed, sent):
    wrote = NewComplaint("phone", service.clock.now(), "It broke.", PartyDetails("Ann", given))
    made = receive(service, wrote, by=SYSTEM)
    before = len(mails(service))

    ann.send("/lost-link", reference=made.reference, email=typed)

    assert [mail.recipient.decode() for mail in mails(service)[before:]] == [given] * sent


def test_a_stranger_who_knows_the_address_alone_uses_up_nothing_of_it(ann, app, clock, service):
    reference, _ = ann.complain()
    for number in range(12):
        stranger = Visitor(app, clock, address=f"198.51.{number}.9")
        stranger.send("/lost-link", reference="RD-3333-3333-3", email="ann@example.org")
    before = len(mails(service))

    assert ann.send("/lost-link", reference=reference, email="ann@example.org").status_code == 200
    assert len(mails(service)) == before + 1


def test_a_lost_link_needs_both_answers(ann):
    answer = ann.send("/lost-link", reference="", email="no address")
    assert answer.status_code == 422
    assert "Enter reference of your complaint" in ann.text or "reference" in ann.text
    assert "e-mail address" in ann.text


# what the holder of the link can do


def test_information_and_files_reach_the_people_and_the_register_once(ann, service):
    _, link = ann.complain()
    ann.open(link)
    ann.open("/status/add")
    key = ann.hidden("_key")
    uploads = {"files-upload": [("photo.pdf", PDF)]}
    first = ann.post("/status/add", message="It was blue.", _do="continue", _key=key, uploads=uploads)
    assert first.location == "/status"
    ann.open("/status/add")
    ann.post("/status/add", message="It was blue.", _do="continue", _key=key)

    told = events(service, "complainant-information")
    assert [event.text for event in told] == ["The complainant wrote (1 file): It was blue."]
    assert "Read the information" in service.engine.open_task_names(only_complaint(service).instance_key)
    values = service.engine.values(only_complaint(service).instance_key)
    assert "blue" not in str(values), "personal text became a process variable"
    asked = {
        "What would you like to tell us?": "It was blue.",
        "Somebody is in danger, or could be soon": "No",
        "Files": "photo.pdf",
    }
    assert sheets(service, "More information") == [asked]
    ann.open("/status")
    assert "You sent us more information" in ann.text
    assert "blue" not in ann.text


def test_refused_information_is_kept_with_its_files(ann):
    _, link = ann.complain()
    ann.open(link)
    answer = ann.send(
        "/status/add", message="", uploads={"files-upload": [("photo.pdf", PDF), ("x.exe", b"MZ")]}
    )
    assert answer.status_code == 422
    assert "photo.pdf" in ann.text
    ann.send("/status/add", message="", files=ann.hidden("files"))
    assert "Enter what you would like to tell us" in ann.text
    ann.open("/status/add")
    assert "photo.pdf" in ann.text


def test_withdrawing_asks_first_and_happens_once(ann, service):
    _, link = ann.complain()
    ann.open(link)
    ann.open("/status/withdraw")
    assert only_complaint(service).state != "withdrawn", "looking at the page withdrew it"
    key = ann.hidden("_key")
    assert ann.post("/status/withdraw", reason="Solved", _do="continue", _key=key).location == "/status"
    ann.post("/status/withdraw", reason="Solved", _do="continue", _key=key)
    assert only_complaint(service).state == "withdrawn"
    assert len(events(service, "complainant-withdraws")) == 1
    assert sheets(service, "Withdrawal") == [{"Would you like to say why?": "Solved"}]
    ann.open("/status")
    assert "You withdrew your complaint" in ann.text
    answer = ann.open("/status/withdraw")
    assert answer.status_code == 409
    assert "What you can do" in ann.text


@pytest.mark.parametrize(("path", "field"), [("withdraw", "reason"), ("add", "message")])
def test_a_page_of_one_complaint_does_nothing_to_another_that_was_opened_meanwhile(ann, service, path, field):
    (first, link), (second, other) = ann.complain(), ann.complain()
    ann.open(link)
    ann.open(f"/status/{path}")
    hidden = {"_key": ann.hidden("_key"), "_of": ann.hidden("_of"), "_do": "continue"}
    fields = hidden | {field: "Solved by mistake"}
    ann.open(other)
    answer = ann.post(f"/status/{path}", **fields)
    assert answer.status_code == 409
    assert "Solved by mistake" in answer.text
    assert all(reference in answer.text for reference in (first, second))
    states = service.engine.read(lambda db: db.scalars(select(ComplaintRow.state)).all())
    assert "withdrawn" not in states
    ann.open(link)
    assert ann.post(f"/status/{path}", **fields).status_code == 303


@pytest.fixture
def answered(ann, service, staff, clock):
    """A complaint with our answer sent; the visitor is on its status page."""
    _, link = ann.complain()
    clock.advance(timedelta(days=1))
    staff.work(
        only_complaint(service).instance_key, Wish(outcome="partly_upheld", remedy="refund", amount=30)
    )
    assert only_complaint(service).state == "responded"
    ann.open(link)
    ann.open("/status")
    return ann


def test_our_answer_can_be_read_and_accepted(answered, service):
    assert "We wait for your reply" in answered.text
    assert "the Services Ombudsman" in answered.text.replace("The Services", "the Services")
    answered.open("/status/answer")
    assert "Our answer" in answered.text
    assert "£30.00" in answered.text
    accepts = answered.option("answer", "I accept the answer")
    assert answered.send("/status/answer", answer=accepts).location == "/status"
    assert events(service, "complainant-answer")[0].facts == {"answer": "accepts", "saidBy": "complainant"}
    assert only_complaint(service).state == "correcting"


AFTER_A_NO = {
    "own": "somebody new looks at it afresh",
    "courtesy": "by our own promise",
    "none": "If you do not accept it, tell us why",
}


def test_what_follows_a_no_is_said_as_the_rules_of_each_regime_have_it(answered, service):
    key, said = only_complaint(service).key, {}
    for regime in service.engine.read(lambda s: kinds(s).regimes):
        service.engine.write(lambda s, r=regime: setattr(s.get(ComplaintRow, key), "regime", r))
        answered.open("/status/answer")
        said[regime] = [kind for kind, words in AFTER_A_NO.items() if words in answered.text]

    assert said == {
        regime: [service.engine.read(lambda s, r=regime: second_look(s, r, service.moment()))]
        for regime in said
    }


def test_not_accepting_needs_a_reason_which_stays_in_the_register(answered, service):
    answered.open("/status/answer")
    rejects = answered.option("answer", "I do not accept the answer")
    refused = answered.send("/status/answer", answer=rejects, reason=" ")
    assert refused.status_code == 422
    assert "What do you not agree with?" in answered.text
    answered.send("/status/answer", answer=rejects, reason="My bowler was not mentioned")
    assert "My bowler was not mentioned" in events(service, "complainant-answer")[0].text
    assert only_complaint(service).state != "responded"
    assert "bowler" not in str(service.engine.values(only_complaint(service).instance_key))


def test_a_second_answer_changes_nothing_and_says_what_remains(answered, service):
    answered.open("/status/answer")
    accepts, rejects = (
        answered.option("answer", f"I {words} the answer") for words in ("accept", "do not accept")
    )
    answered.send("/status/answer", answer=accepts)
    late = answered.post("/status/answer", answer=rejects, reason="No!", _do="continue", _key="another")
    assert late.status_code == 409
    assert "This is not possible now" in answered.text
    assert len(events(service, "complainant-answer")) == 1
    kept = {"Do you accept this?": "I accept the answer", "What do you not agree with?": ""}
    assert sheets(service, "Reply to our answer") == [kept]
    answered.open("/status/answer")
    assert "that you accept this" in answered.text


def test_the_survey_is_read_by_the_form_the_page_was_made_from(answered, service, staff):
    """The owner replaces a question while the page is open."""

    def with_question(key):
        schema = json.loads((ROOT / "forms" / "survey.form").read_text())
        schema["components"].append(
            {"type": "textfield", "id": f"F_{key}", "key": key, "label": f"The {key}?"}
        )
        service.engine.deploy([("survey.form", json.dumps(schema).encode())])

    answered.open("/status/answer")
    answered.send("/status/answer", answer=answered.option("answer", "I accept the answer"))
    staff.work(only_complaint(service).instance_key, Wish())
    with_question("lighthouse")
    answered.open("/status/survey")
    given = {
        "processRating": answered.option("processRating", "Well"),
        "outcomeRating": answered.option("outcomeRating", "Unhappy"),
        "lighthouse": "Portland quokka",
        "_version": answered.hidden("_version"),
        "_key": answered.hidden("_key"),
        "_do": "continue",
    }
    with_question("beacon")
    assert answered.post("/status/survey", **given).location == "/status/survey"
    ((kept),) = sheets(service, "Survey")
    assert kept["The lighthouse?"] == "Portland quokka"
    answered.open("/status/survey")
    assert "The lighthouse? Portland quokka" in answered.text


def test_the_survey_asks_on_and_adds_rows_before_it_is_sent(answered, service, staff, monkeypatch):
    """A question that an answer leads to is put; *Add another* adds a row and sends nothing."""
    schema = json.loads((ROOT / "forms" / "survey.form").read_text())
    schema["components"] += [
        {
            "type": "textfield",
            "id": "F_why",
            "key": "wentWrong",
            "label": "What went so wrong?",
            "conditional": {"hide": '=processRating != "1"'},
        },
        {
            "type": "dynamiclist",
            "id": "F_ideas",
            "path": "ideas",
            "label": "Your ideas",
            "components": [{"type": "textfield", "id": "F_idea", "key": "idea", "label": "Idea"}],
        },
    ]
    asked = forms.read(json.dumps(schema).encode(), name="survey.form")
    monkeypatch.setattr(type(service.engine), "parsed_form", lambda *_: asked)
    answered.open("/status/answer")
    answered.send("/status/answer", answer=answered.option("answer", "I accept the answer"))
    staff.work(only_complaint(service).instance_key, Wish())
    answered.open("/status/survey")
    given = {
        "_asked": answered.hidden("_asked"),
        "processRating": answered.option("processRating", "Badly"),
        "outcomeRating": answered.option("outcomeRating", "Unhappy"),
        "ideas-rows": "1",
        "ideas.0.idea": "Call back",
    }
    added = answered.send(button="add:ideas", **given)
    assert added.status_code == 200
    assert "Call back" in answered.page
    assert answered.send(**given).status_code == 200
    assert "What went so wrong?" in answered.text
    assert sheets(service, "Survey") == []
    rows = {"ideas-rows": "2", "ideas.1.idea": "Write back"}
    again = given | rows | {"_asked": answered.hidden("_asked"), "wentWrong": "Nobody called"}
    assert answered.send(**again).location == "/status/survey"
    ((kept),) = sheets(service, "Survey")
    assert kept["What went so wrong?"] == "Nobody called"


def test_a_file_sent_where_none_is_taken_is_said(answered, service, staff, monkeypatch):
    """As a house may have it that deployed such a question before it was refused."""
    answered.open("/status/answer")
    answered.send("/status/answer", answer=answered.option("answer", "I accept the answer"))
    staff.work(only_complaint(service).instance_key, Wish())
    asked = forms.read(
        json.dumps(
            json.loads((ROOT / "forms" / "survey.form").read_text())
            | {"components": [{"type": "filepicker", "id": "F", "key": "photos", "label": "Photos"}]}
        ).encode(),
        name="survey.form",
    )
    monkeypatch.setattr(type(service.engine), "parsed_form", lambda *_: asked)
    answered.open("/status/survey")
    answer = answered.send("/status/survey", uploads={"photos-upload": [("roof.txt", b"x")]})
    assert answer.status_code == 422
    assert "No files can be sent with this form; leave photos empty" in answered.text


def test_the_survey_is_answered_once_and_thanks_afterwards(answered, service, staff):
    answered.open("/status/answer")
    answered.send("/status/answer", answer=answered.option("answer", "I accept the answer"))
    root = only_complaint(service).instance_key
    staff.work(root, Wish())
    assert only_complaint(service).state == "closed"
    answered.open("/status")
    assert "How did we do?" in answered.text
    assert answered.send("/status/survey").status_code == 422
    answered.open("/status/survey")
    given = {
        "processRating": answered.option("processRating", "Well"),
        "outcomeRating": answered.option("outcomeRating", "Unhappy"),
        "surveyComment": "Too slow for my taste",
    }
    assert answered.send("/status/survey", **given).location == "/status/survey"
    answered.open("/status/survey")
    assert "Thank you for answering" in answered.text
    assert "How happy are you with the result? Unhappy" in answered.text
    assert "What could we do better? Too slow for my taste" in answered.text
    ((kept),) = sheets(service, "Survey")
    assert kept["You may contact me about my answers"] == "No"
    again = answered.post("/status/survey", **given, _do="continue", _key="again")
    assert again.status_code == 409
    said = events(service, "complainant-survey")
    assert [event.text for event in said] == ["The complainant answered the survey: Too slow for my taste"]


def test_a_promise_that_was_missed_is_said_with_the_way_outside(ann, service, clock):
    _, link = ann.complain()
    clock.advance(timedelta(days=40))
    service.run_due()
    ann.open(link)
    ann.open("/status")
    assert "We are late, and we are sorry." in ann.text
    assert service.organisation.outside_body.phone in ann.text


def test_visits_leave_no_secret_in_the_database(ann, service):
    _, link = ann.complain()
    ann.open(link)
    visit = ann.client.get_cookie("redress-visit").value
    kept = service.engine.read(lambda db: db.scalars(select(LinkRow.token_sha256)).all())
    assert kept
    assert all(visit.encode() not in bytes(row) and link[3:].encode() not in bytes(row) for row in kept)


def test_what_has_expired_is_erased_with_its_files(ann, service, clock, count):
    _, link = ann.complain()
    ann.open(link)
    ann.fill_in()
    ann.send("/complain/files", uploads={"documents-upload": [("bill.pdf", PDF)]})
    clock.advance(timedelta(days=6))
    forget_expired(service)
    assert (count(DraftRow), count(DocumentRow)) == (1, 1)
    clock.advance(timedelta(days=1, seconds=1))

    assert forget_expired(service) == 1

    assert (count(DraftRow), count(DocumentRow)) == (0, 0)
    assert list(service.settings.uploads_dir.iterdir()) == []
    purposes = service.engine.read(lambda db: set(db.scalars(select(LinkRow.purpose))))
    assert purposes == {"follow"}, "the link itself stays valid"


def test_a_fault_at_a_secret_link_does_not_bring_it_into_the_log(ann, service, caplog):
    service.engine.write(lambda db: db.execute(text("DROP TABLE complaint_links")))

    answer = ann.open("/t/a-very-secret-link")

    assert answer.status_code == 500
    assert "/t/<token>" in caplog.text
    assert "a-very-secret-link" not in caplog.text
    assert "complaint_links" not in ann.text


@pytest.mark.parametrize(
    ("way", "after"),
    [
        ("external_dispute", ()),
        ("enquiry", (("Answer the enquiry", {"enquiryAnswer": "Because it is old."}),)),
        (
            "out_of_time",
            (("Use discretion", {"discretion": "refuse", "discretionReason": "Because it is old."}),),
        ),
    ],
)
def test_somebody_anonymous_who_is_turned_away_reads_why_and_may_appeal(ann, service, way, after):
    _, link = ann.complain(anonymous=True)
    case = only_complaint(service).instance_key

    def do(name, answers):
        [task] = [one for one in service.engine.open_tasks(case) if one.name == name]
        service.engine.complete_task(task.user_task_key, answers)
        service.run_due()

    reason = "Because it is old." if not after else "Screened."
    screened = {"scopeExit": way, "scopeReason": reason, "problem": "price", "issueList": [{"summary": "It"}]}
    do("Screen the complaint", screened)
    for name, answers in after:
        do(name, answers)
    ann.open(link)
    ann.open("/status")
    assert "Read and reply" in ann.text
    assert ann.open("/status/answer").status_code == 200
    assert "Because it is old." in ann.text
    no = ann.option("answer", "I do not agree")
    assert ann.send("/status/answer", answer=no, reason="It is not.").status_code == 303
    assert "Decide the appeal" in service.engine.open_task_names(case)


def test_the_receipt_of_a_representative_says_what_waits_for_the_authority(app, service):
    made = complain(service, representative=PartyDetails("Lettings Ltd", "agent@example.org"))
    row = service.engine.read(lambda db: db.get(ComplaintRow, made.key))
    with app.test_request_context():
        receipt = app.jinja_env.get_template("public/receipt_representative.html")
        page = receipt.render(us=service.organisation, complaint=row)
    assert "the next step of the complaint waits until that is settled" in page
    assert "does not wait" not in page


def test_the_receipt_stands_at_its_own_moment_whenever_it_was_recorded(ann, clock, service):
    received = clock.now() - timedelta(days=7)
    made = complain(service, received_at=received, backdating_reason="It came by post.")
    assert ann.open(f"/t/{made.token}").status_code == 303
    ann.open("/status")
    assert "received on 16 Nov 2026" in ann.text
    assert "We received your complaint 16 Nov 2026" in ann.text
    (line,) = events(service, "received")
    assert line.text == "Complaint recorded, received on 16 November 2026"


def test_a_complaint_of_the_past_offers_no_answer_that_is_not_there(ann, clock, service):
    received = clock.now() - timedelta(days=30)
    past = NewComplaint("web", received, "Late.", PartyDetails("Ann", "ann@mail.example"), ending=Ending())
    reference = keep_closed(service, past, by=SYSTEM)

    def link(session):
        row = session.scalars(select(ComplaintRow).where(ComplaintRow.reference == reference)).one()
        return link_of_sender(session, row.key, at=clock.now())

    ann.open(f"/t/{service.engine.write(link)}")
    ann.open("/status")
    assert "Your complaint is closed" in ann.text
    assert "Read our answer again" not in ann.text
    assert ann.open("/status/answer").status_code == 409


def test_who_complains_for_somebody_else_cannot_stay_anonymous(ann):
    ann.fill_in()
    page = "/complain/who-you-are"
    ann.open(page)
    other = ann.option("actingFor", "For somebody else, with their agreement")
    anonymous = ann.option("anonymous", "No, I stay anonymous")
    answer = ann.send(page, actingFor=other, anonymous=anonymous)
    assert answer.status_code == 422, "the option is not there for them"
    assert "who complains for somebody else cannot stay anonymous" in ann.text
