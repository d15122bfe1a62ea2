"""Searching by declared fields: every operator, order with gaps last, pages that neither skip nor repeat."""

import pytest

from engine.store.errors import SearchRefused
from engine.store.search import Condition, Query, Sort
from tests.engine.diagrams import one_task, small


@pytest.fixture
def cases(engine):
    """Seven cases with business ids b0 … b5 and one without, an amount each."""
    engine.deploy([("small.bpmn", small()), ("other.bpmn", one_task("other"))])
    keys = [
        engine.start(
            "small" if n % 2 else "other",
            {"amount": n, "name": f'a_{n}%"'},
            business_id=f"b{n}",
            tags=[f"t{n}"],
        ).key
        for n in range(6)
    ]
    return [*keys, engine.start("other").key]


def where(*conditions, **more):
    return Query(tuple(Condition(*one) for one in conditions), **more)


def found(engine, *conditions, **more):
    return [one.process_instance_key for one in engine.instances(where(*conditions, **more)).items]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("business_id", "eq", "b1"), [1]),
        (("business_id", "neq", "b1"), [0, 2, 3, 4, 5, 6]),
        (("business_id", "exists", False), [6]),
        (("business_id", "exists", True), [0, 1, 2, 3, 4, 5]),
        (("business_id", "in", ["b1", "b4", "zz"]), [1, 4]),
        (("business_id", "notIn", ["b1", "b4"]), [0, 2, 3, 5, 6]),
        (("business_id", "like", "b?"), [0, 1, 2, 3, 4, 5]),
        (("business_id", "like", "B*"), []),
        (("business_id", "like", r"b\?"), []),
        (("process_definition_id", "eq", "small"), [1, 3, 5]),
        (("process_definition_version", "gte", 1), [0, 1, 2, 3, 4, 5, 6]),
        (("process_definition_version", "lt", 1), []),
        (("has_incident", "eq", True), []),
        (("tags", "eq", ["t2"]), [2]),
        (("variables", "eq", ("amount", "3")), [3]),
        (("variables", "eq", ("name", '"a_3%\\""')), [3]),
        (("variables", "like", ("name", "*a_?%*")), [0, 1, 2, 3, 4, 5]),
        (("element_id", "eq", "assess"), [1, 3, 5]),
        (("end_date", "exists", True), []),
    ],
)
def test_conditions_choose_what_they_say(engine, cases, condition, expected):
    assert found(engine, condition) == [cases[n] for n in expected]


def test_conditions_combine_and_groups_are_alternatives(engine, cases):
    groups = ((Condition("business_id", "eq", "b1"),), (Condition("business_id", "eq", "b2"),))
    assert found(engine, any_of=groups) == [cases[1], cases[2]]
    assert found(engine, ("process_definition_id", "eq", "small"), any_of=groups) == [cases[1]]


@pytest.mark.parametrize("descending", [False, True])
def test_pages_neither_skip_nor_repeat_and_gaps_come_last(engine, cases, descending):
    order = (Sort("business_id", descending),)
    expected = [*(reversed(cases[:6]) if descending else cases[:6]), cases[6]]
    assert found(engine, sort=order) == expected
    seen, after = [], None
    while True:
        page = engine.instances(Query(sort=order, limit=2, after=after))
        if not page.items:
            break
        seen += [one.process_instance_key for one in page.items]
        after = page.end_cursor
        if len(seen) == 4:
            back = engine.instances(Query(sort=order, limit=2, before=page.start_cursor))
            assert [one.process_instance_key for one in back.items] == expected[:2]
    assert seen == expected
    assert found(engine, sort=order, limit=3, offset=5) == expected[5:]
    first = engine.instances(Query(sort=order, limit=1))
    assert (first.total, first.more) == (7, False)
    last = engine.instances(Query(sort=order, limit=7)).end_cursor
    assert [
        one.process_instance_key for one in engine.instances(Query(sort=order, before=last)).items
    ] == expected[:6]


@pytest.mark.parametrize(
    "query",
    [
        where(("nothing", "eq", 1)),
        where(("state", "gt", "ACTIVE")),
        where(("process_instance_key", "eq", "1")),
        where(("business_id", "in", "b1")),
        Query(sort=(Sort("tags"),)),
        Query(limit=0),
        Query(limit=10_001),
        Query(after="%%%"),
        Query(after="W10="),
    ],
)
def test_what_cannot_be_searched_is_refused(engine, query):
    with pytest.raises(SearchRefused):
        engine.instances(query)


def test_tasks_are_found_by_candidates_and_variables(engine, cases):
    def names(*conditions):
        return [one.process_instance_key for one in engine.tasks(where(*conditions)).items]

    assert names(("candidate_group", "eq", "handlers")) == [cases[1], cases[3], cases[5]]
    assert names(("candidate_group", "eq", "handler")) == []
    assert names(("process_instance_variables", "eq", ("amount", "4"))) == [cases[4]]


def test_every_search_answers(engine, cases):
    for search in (
        engine.instances,
        engine.element_instances,
        engine.tasks,
        engine.jobs,
        engine.timers,
        engine.incidents,
        engine.variables,
        engine.process_definitions,
        engine.decision_definitions,
        engine.message_subscriptions,
    ):
        page = search(Query(limit=1))
        assert page.total >= len(page.items)
