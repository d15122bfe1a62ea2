"""What was sent with one complaint is found on the one made from a part of it, by whoever may read the first."""

from __future__ import annotations

from sqlalchemy import select

from api.app import create_app
from api.complaints import documents
from api.complaints.separation import exclude
from api.complaints.tables import ComplaintRow
from tests.api.web.staff_desk import Desk
from tests.processes.test_at_the_edges import of_its_own

PHOTO = b"%PDF-1.4 the fence"


def related(walk):
    """A complaint with a file, and the one registered from what was told on it; (first, new)."""
    of_its_own(walk)
    first = walk.complaint()

    def attach(session):
        storage = documents.store_bytes(walk.service.settings.uploads_dir, PHOTO)
        documents.add_row(
            session,
            key=walk.service.database.keys.next(),
            name="fence.pdf",
            media_type="application/pdf",
            data=PHOTO,
            storage=storage,
            at=walk.clock.now(),
            by="ines",
            complaint_key=first.key,
        )

    walk.service.engine.write(attach)
    given = {"newReceivedOn": "2026-07-07", "newProblem": "conduct"}
    walk.beside("Register the new complaint", newDescription="Your driver hit my fence.", **given)
    new = walk.ask(lambda s: s.scalars(select(ComplaintRow).where(ComplaintRow.key != first.key)).one())
    return first, new


def papers(walk, complaint, name="lea"):
    desk = Desk(create_app(walk.service), walk.service, name, "manager")
    desk.open(f"/staff/complaints/{complaint.key}/papers")
    return desk


def test_a_complaint_made_from_another_links_to_what_was_sent_with_it(walk):
    first, new = related(walk)
    desk = papers(walk, new)
    assert f"Documents of {first.reference}" in desk.text
    (link,) = [part.split('"')[0] for part in desk.html.split('href="')[1:] if "/documents/" in part]
    assert desk.client.get(link).data == PHOTO
    assert "Documents of" not in papers(walk, first).text


def test_who_may_not_read_the_first_sees_nothing_of_it_on_the_new_one(walk):
    first, new = related(walk)
    papers(walk, new)
    walk.service.engine.write(
        lambda session: exclude(session, first.key, "lea", reason="conflict", at=walk.clock.now())
    )
    desk = papers(walk, new)
    assert "No documents." in desk.text
    assert "fence.pdf" not in desk.text
    assert "Documents of" not in desk.text
