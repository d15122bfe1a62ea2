"""Forms: form-js schemas read, shown and judged on the server. Pure: no Flask, no database, no HTML but what
text needs.

What belongs here: the model of a form, its findings at deployment, the one context its rules see, the
judgement of answers, and what is to be shown as a plain tree. What does not: pages, wording of errors,
uploads, drafts, process variables.
"""

from engine.forms.check import Checked, check, check_step
from engine.forms.documents import Document, Documents
from engine.forms.errors import FieldError, FormInvalid, FormRefused
from engine.forms.lines import Line, Section, sections
from engine.forms.model import SPECIAL_NAMES, Form, Step, keyed, names_read, settings, walk
from engine.forms.read import read
from engine.forms.rules import is_email
from engine.forms.templates import Filled, Template, TemplateRefused, fill, read_template
from engine.forms.view import Node, View, blank, view

__all__ = [
    "SPECIAL_NAMES",
    "Checked",
    "Document",
    "Documents",
    "FieldError",
    "Filled",
    "Form",
    "FormInvalid",
    "FormRefused",
    "Line",
    "Node",
    "Section",
    "Step",
    "Template",
    "TemplateRefused",
    "View",
    "blank",
    "check",
    "check_step",
    "fill",
    "is_email",
    "keyed",
    "names_read",
    "read",
    "read_template",
    "sections",
    "settings",
    "view",
    "walk",
]
