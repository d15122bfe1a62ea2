"""Why a command is refused."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import Broken, Conflict, Invalid, NotFound
from engine.findings import Finding


class DeploymentRefused(Invalid):
    """The files cannot be deployed."""

    code = "deployment_refused"

    def __init__(self, findings: Iterable[Finding]) -> None:
        """``findings`` name every problem of every file."""
        self.findings = tuple(findings)
        super().__init__(None, findings=[str(finding) for finding in self.findings])


class DefinitionNotFound(NotFound):
    """There is no such process definition."""

    code = "definition_not_found"


class DecisionDefinitionNotFound(NotFound):
    """There is no such decision."""

    code = "decision_not_found"


class ResourceNotFound(NotFound):
    """There is no such deployed resource."""

    code = "resource_not_found"


class ResourceInUse(Conflict):
    """Running cases need this version. Wait for their end, or deploy what takes its place and migrate them."""

    code = "resource_in_use"


class ResourceNeeded(Conflict):
    """The service begins with this, or comes to it, and no other version would be left. Deploy what takes its place first."""

    code = "resource_needed"


class InstanceNotFound(NotFound):
    """There is no such process instance."""

    code = "instance_not_found"


class InstanceEnded(Conflict):
    """This process instance has already ended."""

    code = "instance_ended"


class StateNotLoadable(Broken):
    """The state of this process instance would not be the same after loading it again; nothing was
    changed.
    """

    code = "state_not_loadable"


class NotARoot(Conflict):
    """A called process instance is ended through the instance that called it."""

    code = "not_a_root"


class StartRefused(Invalid):
    """A process instance cannot be started like this."""

    code = "start_refused"


class ConditionUnusable(Invalid):
    """The condition of a start event can be neither true nor false of these variables."""

    code = "condition_unusable"


class NotYetEnded(Broken):
    """The process instance has not ended in time; it goes on."""

    code = "deadline_exceeded"


class ScopeNotFound(NotFound):
    """There is no such open scope."""

    code = "scope_not_found"


class TaskNotFound(NotFound):
    """There is no such task."""

    code = "task_not_found"


class RegisterGives(Conflict):
    """These variables are given by the register: they are not set by hand. Correct what it holds."""

    code = "register_gives"


class DecidesWhoActs(Conflict):
    """These variables decide who gets work or is kept away. Only somebody who may read the complaint sets them."""

    code = "decides_who_acts"


class TaskAlreadyCompleted(Conflict):
    """Someone completed this task before you did."""

    code = "task_already_completed"


class TaskCanceled(Conflict):
    """This task is no longer needed: the case moved on without it."""

    code = "task_canceled"


class TaskHeld(Conflict):
    """Someone else holds this task."""

    code = "task_held"


class NotYourTask(Conflict):
    """This task is not yours to do."""

    code = "not_your_task"


class StaleTask(Conflict):
    """This task has changed since you saw it."""

    code = "stale_task"


class DueDateOfClock(Conflict):
    """This due date is that of a deadline. It moves with the deadline's clock only."""

    code = "due_date_of_clock"


class TaskRefused(Invalid):
    """The task cannot be changed like this."""

    code = "task_refused"


class JobNotFound(NotFound):
    """There is no such job."""

    code = "job_not_found"


class JobAlreadySettled(Conflict):
    """This job has already been completed, failed for good, or canceled."""

    code = "job_already_settled"


class JobRefused(Invalid):
    """The job cannot be asked for or changed like this."""

    code = "job_refused"


class FenceLost(Conflict):
    """Another worker has taken over this job."""

    code = "fence_lost"


class TimerNotFound(NotFound):
    """There is no such waiting timer."""

    code = "timer_not_found"


class ReasonMissing(Invalid):
    """A reason is needed."""

    code = "reason_missing"


class IncidentNotFound(NotFound):
    """There is no such incident."""

    code = "incident_not_found"


class IncidentAlreadyResolved(Conflict):
    """This incident has already been resolved."""

    code = "incident_already_resolved"


class MessageRefused(Invalid):
    """The message cannot be published like this."""

    code = "message_refused"


class MessageDoubled(Conflict):
    """A message with this name, key and id is already waiting."""

    code = "message_doubled"


class MessageNotCorrelated(NotFound):
    """Nothing waits for this message."""

    code = "message_not_correlated"


class CaseNotNamed(NotFound):
    """What this would begin is about a complaint, and it names no complaint that is there for you."""

    code = "case_not_named"


class CaseInAnotherState(Conflict):
    """What this would begin is for a complaint in another state. The steps of a complaint say themselves that it is in that."""

    code = "case_in_another_state"


class MessageLacks(Invalid):
    """What this would begin cannot do without some variables, and the message does not bring them."""

    code = "message_lacks"


class WorkLeftOut(Conflict):
    """This would leave out work that the complaint's diagram asks for. Finish the step, or move back to an earlier one."""

    code = "work_left_out"


class WorkDoubled(Conflict):
    """This would do work twice that the complaint's diagram asks for once. End the step that it begins again, in the same change."""

    code = "work_doubled"


class OurOwnJob(Conflict):
    """This job is the service's own work on a complaint. Put right what stands in its way and retry it; nobody does it instead."""

    code = "our_own_job"


class CallerLeftWaiting(Conflict):
    """This would terminate a called process, and the one that called it would wait for ever. Modify the calling instance."""

    code = "caller_left_waiting"
