"""Searching: operators, groups, order, pages, and refusing what would return too much."""

from __future__ import annotations

import base64

import pytest


@pytest.fixture
def three(office):
    """Three cases of "choice" that wait, with amounts 1, 2, 3 and business ids b1 … b3."""
    keys = []
    for number in (1, 2, 3):
        status, body = office.caller.post(
            "/v2/process-instances",
            {
                "processDefinitionId": "choice",
                "variables": {"go": number > 1, "amount": number, "text": f"t{number}"},
                "businessId": f"b{number}",
                "tags": ["all", f"n{number}"],
            },
        )
        assert status == 200
        keys.append(body["processInstanceKey"])
    return keys


def found(office, noun="process-instances", **body):
    status, answer = office.caller.post(f"/v2/{noun}/search", body)
    assert status == 200, answer
    return answer


def ids(office, **filters):
    return [
        one["businessId"]
        for one in found(office, filter={"processDefinitionId": "choice", **filters})["items"]
    ]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"businessId": "b2"}, ["b2"]),
        ({"businessId": {"$eq": "b2"}}, ["b2"]),
        ({"businessId": {"$neq": "b2"}}, ["b1", "b3"]),
        ({"businessId": {"$in": ["b1", "b3", "zz"]}}, ["b1", "b3"]),
        ({"businessId": {"$notIn": ["b1"]}}, ["b2", "b3"]),
        ({"businessId": {"$like": "b?"}}, ["b1", "b2", "b3"]),
        ({"businessId": {"$like": "*3"}}, ["b3"]),
        ({"businessId": {"$like": "\\*3"}}, []),
        ({"businessId": {"$exists": False}}, []),
        ({"parentProcessInstanceKey": {"$exists": False}}, ["b1", "b2", "b3"]),
        ({"endDate": {"$exists": True}}, []),
        ({"startDate": {"$gte": "2026-11-23T10:00:00+01:00"}}, ["b1", "b2", "b3"]),
        ({"startDate": {"$gt": "2026-11-23T09:00:00Z"}}, []),
        ({"processDefinitionVersion": 1}, ["b1", "b2", "b3"]),
        ({"processDefinitionVersion": {"$lt": "1"}}, []),
        ({"hasIncident": False, "state": "ACTIVE"}, ["b1", "b2", "b3"]),
        ({"state": {"$like": "ACT*"}}, ["b1", "b2", "b3"]),
        ({"variables": [{"name": "amount", "value": "2"}]}, ["b2"]),
        ({"variables": [{"name": "amount", "value": " 2 "}]}, ["b2"]),
        ({"variables": [{"name": "text", "value": '"t3"'}, {"name": "amount", "value": "3"}]}, ["b3"]),
        ({"variables": [{"name": "text", "value": {"$like": '"t*'}}]}, ["b1", "b2", "b3"]),
        ({"variables": [{"name": "text", "value": {"$in": ['"t1"', '"t2"']}}]}, ["b1", "b2"]),
        ({"variables": [{"name": "text", "value": "t1"}]}, []),
        ({"tags": ["all", "n2"]}, ["b2"]),
        ({"elementId": "yes", "elementInstanceState": "ACTIVE"}, ["b2", "b3"]),
        ({"$or": [{"businessId": "b1"}, {"variables": [{"name": "amount", "value": "3"}]}]}, ["b1", "b3"]),
        ({"$or": [{"tenantId": "other"}, {"businessId": "b1"}]}, ["b1"]),
        ({"$or": [{"tenantId": "other"}]}, []),
        ({"tenantId": "<default>"}, ["b1", "b2", "b3"]),
        ({"tenantId": None}, ["b1", "b2", "b3"]),
        ({"tenantId": "other"}, []),
    ],
)
def test_filters(office, three, filters, wanted):
    assert ids(office, **filters) == wanted


@pytest.mark.parametrize(
    "filters",
    [
        {"unknown": 1},
        {"rootProcessInstanceKey": "5"},
        {"businessId": None},
        {"businessId": 5},
        {"businessId": {"$gt": "a"}},
        {"businessId": {"eq": "a"}},
        {"businessId": {"$in": "a"}},
        {"processInstanceKey": "x"},
        {"processInstanceKey": 2**63},
        {"startDate": "yesterday"},
        {"startDate": "2026-11-23T09:00:00"},
        {"hasIncident": "yes"},
        {"variables": {"amount": 2}},
        {"variables": [{"name": "amount"}]},
        {"$or": {"businessId": "b1"}},
        {"$or": [{"$or": []}]},
    ],
)
def test_what_is_not_understood_is_refused_and_not_left_out(office, filters):
    status, answer = office.caller.post("/v2/process-instances/search", {"filter": filters})
    assert (status, answer["title"]) == (400, "INVALID_ARGUMENT")


def test_or_is_refused_where_it_is_not_known(office):
    assert office.caller.post("/v2/jobs/search", {"filter": {"$or": [{"type": "mail"}]}})[0] == 400


def test_keys_come_as_text_or_number(office, three):
    for key in (three[0], int(three[0]), {"$in": [three[0], int(three[1])]}):
        assert found(office, filter={"processInstanceKey": key})["items"][0]["processInstanceKey"] == three[0]


@pytest.mark.parametrize(
    ("order", "wanted"),
    [("DESC", ["b3", "b2", "b1"]), ("desc", ["b3", "b2", "b1"]), ("asc", ["b1", "b2", "b3"])],
)
def test_order_in_any_case(office, three, order, wanted):
    answer = found(office, filter={"tags": ["all"]}, sort=[{"field": "businessId", "order": order}])
    assert [one["businessId"] for one in answer["items"]] == wanted


def test_an_unknown_sort_field_and_odd_pages_are_refused(office):
    for body in (
        {"sort": [{"field": "tags"}]},
        {"sort": [{"field": "startDate", "order": "UP"}]},
        {"page": {"limit": 10_001}},
        {"page": {"limit": 0}},
        {"page": {"from": -1}},
        {"page": {"after": "@@"}},
        {"page": {"after": base64.b64encode(b"[1,2,3]").decode()}},
    ):
        assert office.caller.post("/v2/process-instances/search", body)[0] == 400


def test_pages_by_cursor_there_and_back(office, three):
    body = {"filter": {"tags": ["all"]}, "sort": [{"field": "businessId", "order": "desc"}]}
    first = found(office, **body, page={"limit": "2"})
    assert [one["businessId"] for one in first["items"]] == ["b3", "b2"]
    assert first["page"]["totalItems"] == 3
    assert base64.b64decode(first["page"]["endCursor"], validate=True)
    second = found(office, **body, page={"limit": 2, "after": first["page"]["endCursor"]})
    assert [one["businessId"] for one in second["items"]] == ["b1"]
    back = found(office, **body, page={"limit": 1, "before": second["page"]["startCursor"]})
    assert [one["businessId"] for one in back["items"]] == ["b2"]
    by_offset = found(office, **body, page={"from": 1, "limit": 1})
    assert [one["businessId"] for one in by_offset["items"]] == ["b2"]


def test_unknown_members_beside_the_filter_are_left_aside(office):
    assert (
        office.caller.post("/v2/process-instances/search", {"consistency": 1, "page": {"odd": 1}})[0] == 200
    )


def test_constant_members_of_jobs_can_be_filtered_and_sorted(office):
    office.waiting_job()
    for filters, count in (
        ({"kind": "BPMN_ELEMENT"}, 1),
        ({"kind": "TASK_LISTENER"}, 0),
        ({"kind": {"$in": ["BPMN_ELEMENT", "TASK_LISTENER"]}}, 1),
        ({"listenerEventType": {"$like": "UNSP*"}}, 1),
        ({"isDenied": {"$exists": False}}, 1),
        ({"worker": "w"}, 1),
    ):
        answer = found(
            office, "jobs", filter={"type": "mail", **filters}, sort=[{"field": "kind", "order": "asc"}]
        )
        assert answer["page"]["totalItems"] == count, filters


def test_long_values_are_cut_unless_asked_for_whole(office):
    instance = office.start("choice", go=True, long="x" * 9000)
    [cut] = office.find("variables", processInstanceKey=instance, name="long")
    assert (len(cut["value"]), cut["isTruncated"]) == (8192, True)
    body = {"filter": {"processInstanceKey": instance, "isTruncated": True}}
    whole = office.caller.post("/v2/variables/search?truncateValues=false", body)[1]["items"][0]
    assert (len(whole["value"]), whole["isTruncated"]) == (9002, False)
    task = office.task(instance)["userTaskKey"]
    for flag, size in (("true", 8192), ("false", 9002)):
        path = f"/v2/user-tasks/{task}/variables/search?truncateValues={flag}"
        assert len(office.caller.post(path, {"filter": {"name": "long"}})[1]["items"][0]["value"]) == size


def test_variables_of_a_task_are_filtered_sorted_and_paged(office):
    instance = office.start("choice", go=True, a=1, b=2, c=3)
    path = f"/v2/user-tasks/{office.task(instance)['userTaskKey']}/variables/search"

    def names(**body):
        return [one["name"] for one in office.caller.post(path, body)[1]["items"]]

    assert names(filter={"name": {"$in": ["a", "c"]}}) == ["a", "c"]
    assert names(filter={"name": {"$like": "?"}}, sort=[{"field": "name", "order": "desc"}]) == [
        "c",
        "b",
        "a",
    ]
    page = office.caller.post(path, {"sort": [{"field": "name"}], "page": {"limit": 2}})[1]["page"]
    assert names(sort=[{"field": "name"}], page={"limit": 2, "after": page["endCursor"]}) == ["c", "go"]
    assert names(sort=[{"field": "name"}], page={"limit": 1, "before": page["endCursor"]}) == ["a"]
    assert names(page={"from": 3}) == ["go"] or len(names(page={"from": 3})) == 1
    assert office.caller.post(path, {"filter": {"value": "1"}})[0] == 400
    assert office.caller.post(path, {"page": {"after": "@@"}})[0] == 400
