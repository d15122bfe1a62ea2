"""The roles people can hold, in the words of ISO 10002 §9 of our requirements, and the groups each role works in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One role. ``groups`` are the candidate groups of diagrams whose tasks its holders may take."""

    id: str
    name: str
    purpose: str
    groups: frozenset[str] = frozenset()


def _role(role_id: str, name: str, purpose: str, *groups: str) -> Role:
    return Role(role_id, name, purpose, frozenset(groups))


ROLES: dict[str, Role] = {
    role.id: role
    for role in (
        _role("employee", "Employee", "Records a complaint they heard; does not read the register."),
        _role("intake", "Intake", "Registers, screens and acknowledges complaints.", "intake"),
        _role("handler", "Handler", "Owns complaints: assesses, plans, drafts answers.", "handlers"),
        _role(
            "investigator",
            "Investigator",
            "Gathers evidence and writes findings.",
            "investigators",
            "handlers",
        ),
        _role("contributor", "Contributor", "Answers a request for facts, and sees no more.", "contributors"),
        _role("quality", "Quality checker", "Checks draft answers of others.", "quality"),
        _role("approver", "Approver", "Approves decisions within a limit.", "approvers"),
        _role("reviewer", "Stage-two reviewer", "Reviews a decision afresh.", "reviewers"),
        _role(
            "team-lead",
            "Team leader",
            "Assigns work and sees to deadlines.",
            "team-leads",
            "handlers",
            "intake",
        ),
        _role(
            "manager",
            "Complaints manager",
            "Runs the process: every complaint, deadlines, clocks.",
            "complaints-managers",
            "team-leads",
            "approvers",
        ),
        _role("top-management", "Top management", "Hears of significant complaints.", "top-management"),
        _role("on-duty", "On duty", "Hears of danger at any hour and protects people.", "on-duty"),
        _role(
            "process-owner", "Process owner", "Edits and deploys diagrams, tables and forms; writes letters."
        ),
        _role("admin", "Administrator", "People, settings and failed steps; reads no complaint."),
        _role(
            "worker",
            "Outside worker",
            "A program that does the work of your own job types; gets of a complaint what their input mappings name.",
        ),
        _role("auditor", "Auditor", "Reads everything, changes nothing."),
    )
}


def groups_of(roles: frozenset[str]) -> frozenset[str]:
    """Return the candidate groups that holders of ``roles`` belong to."""
    return frozenset().union(*(ROLES[role].groups for role in roles if role in ROLES))
