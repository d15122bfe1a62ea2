"""One complaint whose case waits in every way there is, and the keys of everything in it."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow, DocumentRow, EventRow, LetterRow, NoticeRow
from api.identity import people, sessions, tokens
from api.identity.roles import ROLES
from engine.actors import service as as_service
from engine.store.tables import element_instances, incidents, instances, jobs, tasks, variables
from tests.api.conftest import Caller
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

CANARY = "Zacharias hid the parcel behind the boiler."
WISH = "An apology from Zacharias in writing"
GROUPS = sorted(frozenset().union(*(role.groups for role in ROLES.values())))
STAGE = '<zeebe:taskHeaders><zeebe:header key="stage" value="one"/></zeebe:taskHeaders>'
EXTRA = (
    '<message id="m1" name="complainant-withdraws"><extensionElements>'
    '<zeebe:subscription correlationKey="=complaintKey"/></extensionElements></message>'
    '<signal id="s1" name="alarm"/>'
)


def conducted() -> bytes:
    """Return ``complaint-handling`` waiting for a person, a worker, a timer, a message, a signal, and stuck once."""
    offered = f'<zeebe:assignmentDefinition candidateGroups="{",".join(GROUPS)}"/>'
    given = '<zeebe:ioMapping><zeebe:input source="=product" target="wanted"/></zeebe:ioMapping>'
    late = (
        '<boundaryEvent id="late" attachedToRef="work" cancelActivity="false"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">P3D</timeDuration></timerEventDefinition></boundaryEvent>'
    )
    stuck = (
        '<exclusiveGateway id="which"/><endEvent id="end6"/><sequenceFlow id="f-which" sourceRef="which" targetRef="end6">'
        '<conditionExpression xsi:type="tFormalExpression">=go</conditionExpression></sequenceFlow>'
    )
    ends = "".join(f'<endEvent id="end{number}"/>' for number in range(2, 6))
    return bpmn(
        "complaint-handling",
        START
        + service_task("enter", "redress:register")
        + service_task("clocks", "redress:start-clocks", extension=STAGE)
        + '<parallelGateway id="split"/>'
        + user_task("work", offered)
        + late
        + service_task("outside", "look-up", extension=given)
        + '<intermediateCatchEvent id="gone"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>'
        + '<intermediateCatchEvent id="alarm"><signalEventDefinition signalRef="s1"/></intermediateCatchEvent>'
        + stuck
        + END
        + ends
        + chain("start", "enter", "clocks", "split", "work", "end")
        + chain("split", "outside", "end2")
        + chain("split", "gone", "end3")
        + chain("split", "alarm", "end4")
        + chain("late", "end5")
        + chain("split", "which"),
        extra=EXTRA,
    )


class Someone:
    """A person at both doors: with a token at the interfaces, with a session at the pages."""

    def __init__(self, app, service, name, *roles):
        def work(session):
            now, next_key = service.clock.now(), service.database.keys.next
            person = people.add(
                session,
                key=next_key(),
                name=name,
                display_name="A colleague",
                password=None,
                roles=roles,
                at=now,
            )
            return (
                tokens.issue(session, person, key=next_key(), label="test", at=now),
                sessions.open_session(session, person, at=now),
                person,
            )

        token, cookie, self.person = service.engine.write(work)
        self.name, self.caller, self.client = name, Caller(app, token), app.test_client()
        self.client.set_cookie("redress", cookie)

    def ask(self, method, path, body=None):
        """Return status and text of an answer."""
        if path.startswith(("/v2/", "/api/")):
            answer = self.caller.raw(method, path, **({} if body is None else {"json": body}))
        else:
            answer = self.client.open(path, method=method, data=body)
        return answer.status_code, f"{answer.headers.get('Location', '')} {answer.get_data(as_text=True)}"


class Case:
    """A complaint about ``staff_concerned``, and the keys of what its case is made of."""

    def __init__(self, service, *staff_concerned, words=CANARY, product="goods"):
        made = receive(
            service,
            NewComplaint(
                channel="web",
                received_at=service.clock.now(),
                description=words,
                complainant=PartyDetails("Ann Other", "ann@example.org"),
                product=product,
                desired_remedy=WISH,
                staff_concerned=staff_concerned,
            ),
            by=as_service("web"),
        )
        self.service, self.complaint, self.instance, self.reference = (
            service,
            made.key,
            made.instance_key,
            made.reference,
        )

        def first(table, *conditions):
            query = sa.select(table.c.key).where(table.c.root_key == made.instance_key, *conditions)
            return service.engine.read(lambda session: session.scalar(query.order_by(table.c.key).limit(1)))

        self.task, self.element = (
            first(tasks),
            first(element_instances, element_instances.c.element_id == "outside"),
        )
        self.job = first(jobs, jobs.c.kind == "service")
        self.timer, self.incident = first(jobs, jobs.c.kind == "timer"), first(incidents)
        self.variable = first(variables, variables.c.name == "issues")
        self.document, self.letter, self.notice = (service.engine.next_key() for _ in range(3))
        service.engine.write(self._papers)

    def _papers(self, session):
        now = self.service.clock.now()
        session.add(
            DocumentRow(
                key=self.document, complaint_key=self.complaint, name="zacharias.txt", media_type="text/plain", size=1,
                sha256=hashlib.sha256(b"x").hexdigest(), storage=f"none-{self.document}"[:32], added_by="web", added_at=now,
            )
        )  # fmt: skip
        session.add(
            LetterRow(
                key=self.letter, complaint_key=self.complaint, template="acknowledgement", template_version="1",
                to_role="complainant", recipient="12 Low Road", channel="post", subject="About Zacharias", text="-",
                html="-", queued_at=now,
            )
        )  # fmt: skip
        session.add(
            NoticeRow(
                key=self.notice, complaint_key=self.complaint, group_name=GROUPS[0], subject="Zacharias", text="-", at=now
            )
        )  # fmt: skip

    def key(self, kind):
        """Return the key of one thing of the case."""
        return getattr(self, kind)

    def state(self):
        """Return everything the case and the register hold of it, to see whether anything was done to it."""

        def look(session):
            found = []
            for table in (instances, tasks, jobs, incidents, variables):
                columns = [column for column in table.c if column.name != "saved"]
                query = sa.select(*columns).where(table.c.root_key == self.instance).order_by(table.c.key)
                found += [tuple(row) for row in session.execute(query)]
            for row in (ComplaintRow, LetterRow, NoticeRow, EventRow):
                mine = row.key if row is ComplaintRow else row.complaint_key
                query = sa.select(row.__table__).where(mine == self.complaint).order_by(row.key)
                found += [tuple(one) for one in session.execute(query)]
            return repr(found)

        return self.service.engine.read(look)
