"""What tasks do: pass through, wait for a person or a worker, run a script, ask a decision, call a process
(dialect §4 to §7)."""

from __future__ import annotations

from engine import feel
from engine.dialect.model import Element
from engine.execution import loops
from engine.execution.case_clocks import named
from engine.execution.changes import ChildCalled, FormReference, JobOpened, TaskOpened
from engine.execution.expressions import EXTRACT, evaluate, integer, optional_text, text, text_list
from engine.execution.mapping import storable, take_result
from engine.execution.registry import behaviour
from engine.execution.timing import moment_of, task_due
from engine.execution.token import Token
from engine.execution.world import Halt, InStepJob, RetryLater

OURS = "redress:"
DEFAULT_PRIORITY = 50


@behaviour("pass")
def pass_through(_: Token) -> bool:
    """Do nothing."""
    return True


@behaviour("user task")
def open_task(token: Token) -> bool:
    """Wait for a person."""
    element, rule = token.element, token.element.task
    if rule is None:
        return True
    due = task_due(token, element, rule.due)
    priority = DEFAULT_PRIORITY if rule.priority is None else integer(token, rule.priority, "priority")
    if not 0 <= priority <= 100:
        raise Halt(EXTRACT, f"The priority must be between 0 and 100, but is {priority}.")
    change = TaskOpened(
        key=token.key,
        element_id=element.id,
        name=element.name,
        assignee=optional_text(token, rule.assignee, "assignee"),
        candidate_groups=text_list(token, rule.candidate_groups, "list of candidate groups"),
        candidate_users=text_list(token, rule.candidate_users, "list of candidate users"),
        due_at=due,
        follow_up_at=moment_of(token, rule.follow_up, "follow-up date"),
        priority=priority,
        form=_form(token, element),
        external_reference=optional_text(token, rule.external_reference, "external reference"),
        headers=element.headers,
        clocks=named(element),
    )
    token.internal_data["wait"] = "task"
    token.workflow.emit(change)
    return False


def _form(token: Token, element: Element) -> FormReference | None:
    if element.form is None:
        return None
    return FormReference(text(token, element.form.form_id, "form id"), element.form.binding)


@behaviour("job")
def do_job(token: Token) -> bool:
    """Do the job here if it is one of ours for inside the step, else wait for a worker."""
    element, rule, world = token.element, token.element.job, token.workflow.world
    if rule is None:
        return True
    job_type = text(token, rule.type, "job type")
    retries = integer(token, rule.retries, "number of retries")
    failure = None
    if world.is_in_step(job_type, element.properties.get("redress.execution")):
        visible = token.workflow.scopes.visible(token.key)
        job = InStepJob(job_type, element.id, token.key, token.workflow.key, element.headers, visible)
        try:
            take_result(token, feel.inward(world.perform(job)))
        except RetryLater as later:
            failure = str(later)
        else:
            return True
    token.internal_data["wait"] = "job"
    ours = job_type.startswith(OURS)
    token.workflow.emit(JobOpened(token.key, element.id, job_type, retries, element.headers, ours, failure))
    return False


@behaviour("script")
def run_script(token: Token) -> bool:
    """Evaluate the script and take its result."""
    rule = token.element.script
    if rule is not None:
        take_result(token, {rule.result: storable(evaluate(token, rule.expression))})
    return True


@behaviour("decision")
def decide(token: Token) -> bool:
    """Ask the decision with all visible variables and take its answer."""
    rule, case = token.element.decision, token.workflow
    if rule is not None:
        decision = text(token, rule.decision_id, "decision id")
        answer = case.world.decide(decision, rule.binding, case.scopes.visible(token.key))
        take_result(token, {rule.result: storable(feel.inward(answer))})
    return True


@behaviour("call")
def call(token: Token) -> bool:
    """Start the called process and wait for its end."""
    element, rule, case = token.element, token.element.call, token.workflow
    if rule is None:
        return True
    process = text(token, rule.process_id, "id of the called process")
    business_id = rule.business_id
    if business_id not in (None, ""):
        business_id = text(token, business_id, "business id")
        if len(business_id) > 255:
            raise Halt(EXTRACT, "The business id has more than 255 characters.")
    scopes = case.scopes
    variables = scopes.visible(token.key) if rule.all_in else scopes.own(token.key)
    variables.pop(loops.collected_at(token) or "", None)
    token.internal_data["wait"] = "child"
    case.emit(ChildCalled(token.key, element.id, process, rule.binding, variables, business_id))
    return False
