"""The members every record has (rest-v2 §6), whatever their values."""

from __future__ import annotations


def _set(text):
    return set(text.replace(",", " ").split())


PAGE = _set("totalItems, hasMoreTotalItems, startCursor, endCursor")
TOPOLOGY = _set(
    "brokers, clusterId, clusterSize, partitionsCount, replicationFactor, gatewayVersion, lastCompletedChangeId"
)
BROKER = _set("nodeId, brokerId, host, port, version, partitions")
PARTITION = _set("partitionId, role, health, state")
DEPLOYMENT = _set("deploymentKey, tenantId, deployments")
ENTRY = _set("processDefinition, decisionDefinition, decisionRequirements, form, resource")
DEPLOYED = {
    "processDefinition": _set(
        "processDefinitionId, processDefinitionVersion, processDefinitionKey, resourceName, tenantId"
    ),
    "decisionDefinition": _set(
        "decisionDefinitionId, name, version, decisionDefinitionKey, decisionRequirementsId, decisionRequirementsKey, tenantId"
    ),
    "decisionRequirements": _set(
        "decisionRequirementsId, decisionRequirementsName, version, decisionRequirementsKey, resourceName, tenantId"
    ),
    "form": _set("formId, version, formKey, resourceName, tenantId"),
}
CREATED = _set(
    "processDefinitionId, processDefinitionVersion, processDefinitionKey, processInstanceKey, tenantId, variables, tags, businessId"
)
INSTANCE = _set(
    "processDefinitionId, processDefinitionName, processDefinitionVersion, processDefinitionVersionTag, processDefinitionKey,"
    "processInstanceKey, parentProcessInstanceKey, parentElementInstanceKey, rootProcessInstanceKey, startDate, endDate,"
    "suspendedDate, state, hasIncident, tenantId, tags, businessId"
)
DEFINITION = _set(
    "name, resourceName, version, versionTag, processDefinitionId, processDefinitionKey, tenantId, hasStartForm, state"
)
TASK = _set(
    "userTaskKey, name, state, assignee, elementId, elementInstanceKey, candidateGroups, candidateUsers, priority, creationDate,"
    "completionDate, followUpDate, dueDate, formKey, externalFormReference, customHeaders, processDefinitionId,"
    "processDefinitionVersion, processDefinitionKey, processName, processInstanceKey, rootProcessInstanceKey, tenantId,"
    "businessId, tags"
)
FORM = _set("formId, formKey, version, schema, tenantId")
ACTIVATED = _set(
    "type, processDefinitionId, processDefinitionVersion, processDefinitionKey, elementId, elementInstanceKey,"
    "processInstanceKey, rootProcessInstanceKey, customHeaders, worker, retries, deadline, variables, tenantId,"
    "physicalTenantId, jobKey, kind, listenerEventType, userTask, tags, businessId, priority, jobLeaseToken"
)
JOB = _set(
    "jobKey, type, kind, listenerEventType, state, worker, retries, priority, deadline, creationTime, endTime, lastUpdateTime,"
    "errorCode, errorMessage, hasFailedWithRetriesLeft, isDenied, deniedReason, customHeaders, elementId, elementInstanceKey,"
    "processDefinitionId, processDefinitionKey, processInstanceKey, rootProcessInstanceKey, businessId, tenantId"
)
INCIDENT = _set(
    "incidentKey, errorType, errorMessage, state, creationTime, elementId, elementInstanceKey, jobKey, processDefinitionId,"
    "processDefinitionKey, processInstanceKey, rootProcessInstanceKey, tenantId"
)
WHOLE_VARIABLE = _set(
    "variableKey, name, value, scopeKey, processInstanceKey, rootProcessInstanceKey, tenantId"
)
VARIABLE = WHOLE_VARIABLE | {"isTruncated"}
ELEMENT = _set(
    "elementInstanceKey, elementId, elementName, type, state, startDate, endDate, hasIncident, incidentKey, processDefinitionId,"
    "processDefinitionKey, processInstanceKey, rootProcessInstanceKey, tenantId"
)
SUBSCRIPTION = _set(
    "messageSubscriptionKey, messageSubscriptionState, messageSubscriptionType, messageName, correlationKey, lastUpdatedDate,"
    "elementId, elementInstanceKey, processDefinitionId, processDefinitionKey, processDefinitionName, processDefinitionVersion,"
    "processInstanceKey, rootProcessInstanceKey, businessId, toolName, inboundConnectorType, toolProperties, tenantId"
)
EVALUATION = _set(
    "decisionDefinitionId, decisionDefinitionKey, decisionDefinitionName, decisionDefinitionVersion, decisionRequirementsId,"
    "decisionRequirementsKey, decisionEvaluationKey, decisionInstanceKey, output, failedDecisionDefinitionId, failureMessage,"
    "tenantId, evaluatedDecisions"
)
EVALUATED = _set(
    "decisionDefinitionId, decisionDefinitionKey, decisionDefinitionName, decisionDefinitionVersion, decisionDefinitionType,"
    "decisionEvaluationInstanceKey, output, tenantId, matchedRules, evaluatedInputs"
)
RULE = _set("ruleId, ruleIndex, evaluatedOutputs")
OUTPUT = _set("outputId, outputName, outputValue, ruleId, ruleIndex")
INPUT = _set("inputId, inputName, inputValue")
ME = _set(
    "username, displayName, email, authorizedComponents, tenants, groups, roles, salesPlanType, c8Links, canLogout"
)
LICENSE = _set("validLicense, licenseType, isCommercial, expiresAt")
COUNT = _set("elementId, active, canceled, incidents, completed")
PROBLEM = _set("type, title, status, detail, instance")
