"""A house of the first release keeps its cases: what ran beside a complaint is joined to it once, and goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from api import schema
from api.complaints.intake import NewComplaint, receive
from api.complaints.tables import ComplaintRow
from api.installation import ready_service
from api.wiring import wire
from engine.actors import SYSTEM
from engine.store.database import connect
from engine.store.tables import instances
from tests.conftest import _empty as empty
from tests.engine.diagrams import END, START, bpmn, chain, one_task, service_task, user_task
from tests.releases import as_first_release

NAME = '<zeebe:taskHeaders><zeebe:header key="name" value="aside"/></zeebe:taskHeaders>'
KEYED = '<zeebe:ioMapping><zeebe:input source="=complaintKey" target="correlationKey"/></zeebe:ioMapping>'
STATE = '<zeebe:taskHeaders><zeebe:header key="state" value="deciding"/></zeebe:taskHeaders>'
FILES = (
    ("one.bpmn", one_task("tried")),
    (
        "complaint-handling.bpmn",
        bpmn(
            "complaint-handling",
            START
            + service_task("enter", "redress:register")
            + service_task("tell", "redress:publish-message", extension=NAME + KEYED)
            + user_task("work")
            + END
            + chain("start", "enter", "tell", "work", "end"),
        ),
    ),
    (
        "beside.bpmn",
        bpmn(
            "beside",
            '<startEvent id="start"><messageEventDefinition messageRef="m1"/></startEvent>'
            + user_task("look")
            + service_task("move", "redress:set-state", extension=STATE)
            + END
            + chain("start", "look", "move", "end"),
            extra='<message id="m1" name="aside"/>',
        ),
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, service_settings, clock):
    """Settings of a house with a complaint, a process beside it, one of nobody's; and the service as it was."""
    settings = service_settings
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        if url is None:
            pytest.skip("no PostgreSQL server is reachable")
        database = connect(url)
        schema.upgrade(database)
        database.dispose()
        empty(url)
        settings = replace(settings, database_url=url)
    service = ready_service(settings, clock=clock)
    service.engine.deploy(FILES)
    yield settings, service
    service.database.dispose()


def test_every_instance_belongs_to_its_case_after_the_upgrade(house, clock, caplog):
    settings, service = house
    made = receive(service, NewComplaint("web", clock.now(), "Words", None), by=SYSTEM)
    alone = service.engine.start("tried").key
    (beside,) = [one for one in service.engine.instances().items if one.process_definition_id == "beside"]
    service.database.dispose()
    database = connect(settings.database_url)
    as_first_release(database)
    with caplog.at_level("INFO", logger="redress"):
        schema.upgrade(database)
    database.dispose()
    assert (
        f"process instance {beside.process_instance_key} belongs to complaint {made.reference}" in caplog.text
    )
    after = wire(settings, clock=clock)
    try:
        query = sa.select(instances.c.key, instances.c.case_key)
        belongs = dict(after.engine.read(lambda session: session.execute(query).all()))
        assert belongs == {
            made.instance_key: made.instance_key,
            beside.process_instance_key: made.instance_key,
            alone: alone,
        }
        (task,) = after.engine.open_tasks(beside.process_instance_key)
        after.engine.complete_task(task.user_task_key, by=SYSTEM)
        assert after.engine.read(lambda session: session.get(ComplaintRow, made.key)).state == "deciding"
    finally:
        after.database.dispose()
