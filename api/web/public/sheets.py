"""Small forms of the service itself, in the same shape as the process owners' forms, so that they look and speak alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from api.complaints.answers.sheets import Sheet, filled
from api.complaints.from_complainant import ACCEPTED, REJECTED
from api.complaints.uploads import DraftUploads
from api.context import the_service
from api.web.forms import Decoded, FormPage, decode, form_page
from api.web.public.visitor import TRAP
from engine import forms
from engine.forms import FieldError, Form

KINDS = ".pdf,.png,.jpg,.jpeg,.webp,.txt,.docx,.odt,.xlsx,.eml"
_PERSONAL = {"redress.sensitivity": "personal"}


def _sheet(name: str, *components: dict[str, Any]) -> Form:
    return forms.read(
        {
            "schemaVersion": 19,
            "type": "default",
            "id": name,
            "components": [{"id": f"Field_{c['key']}", **c} for c in components],
        },
        name=name,
    )


INFORMATION = _sheet(
    "information",
    {
        "type": "textarea",
        "key": "message",
        "label": "What would you like to tell us?",
        "validate": {"maxLength": 10000, "required": True},
        "properties": _PERSONAL | {"redress.errorLabel": "what you would like to tell us"},
    },
    {
        "type": "checkbox",
        "key": "dangerNow",
        "label": "Somebody is in danger, or could be soon",
        "description": "If somebody is in danger right now, call the emergency services first.",
    },
    {
        "type": "filepicker",
        "key": "files",
        "label": "Files",
        "description": "PDF, pictures, text, documents, spreadsheets or e-mails; up to 10 files of 10 MB each.",
        "multiple": True,
        "accept": KINDS,
    },
)
WITHDRAWAL = _sheet(
    "withdrawal",
    {
        "type": "textarea",
        "key": "reason",
        "label": "Would you like to say why?",
        "description": "You do not have to. It helps us to do better.",
        "validate": {"maxLength": 2000},
        "properties": _PERSONAL,
    },
)
LOST_LINK = _sheet(
    "lost-link",
    {
        "type": "textfield",
        "key": "reference",
        "label": "Reference of your complaint",
        "description": "For example RD-7K4M-9Q2X-T. It stands on your receipt and in every letter.",
        "validate": {"maxLength": 40, "required": True},
        "properties": {"redress.width": "20"},
    },
    {
        "type": "textfield",
        "key": "email",
        "label": "Your e-mail address",
        "description": "The one you gave with the complaint.",
        "validate": {"maxLength": 254, "required": True, "validationType": "email"},
        "properties": _PERSONAL | {"redress.autocomplete": "email"},
    },
)
RESUME_MAIL = _sheet(
    "resume-mail",
    {
        "type": "textfield",
        "key": "email",
        "label": "Your e-mail address",
        "validate": {"maxLength": 254, "required": True, "validationType": "email"},
        "properties": _PERSONAL | {"redress.autocomplete": "email"},
    },
)


def answer_sheet(*, first: bool) -> Form:
    """Return the form that answers our answer; ``first`` when the question is whether we take the complaint on at all."""
    accepts, rejects = (
        ("I accept that you cannot take it up", "I do not agree. Please look at it again")
        if first
        else ("I accept the answer", "I do not accept the answer")
    )
    return _sheet(
        "answer",
        {
            "type": "radio",
            "key": "answer",
            "label": "Do you accept this?",
            "values": [{"label": accepts, "value": ACCEPTED}, {"label": rejects, "value": REJECTED}],
            "validate": {"required": True},
            "properties": {"redress.errorLabel": "whether you accept this"},
        },
        {
            "type": "textarea",
            "key": "reason",
            "label": "What do you not agree with?",
            "description": "If you do not accept it, say in your own words what we got wrong or what is missing.",
            "validate": {"maxLength": 4000},
            "properties": _PERSONAL | {"redress.errorLabel": "what you do not agree with"},
        },
    )


def posted() -> MultiDict[str, str]:
    """Return the posted fields without the one nobody sees."""
    fields = request.form.copy()
    fields.poplist(TRAP)
    return fields


def read_sheet(
    form: Form, draft: Mapping[str, Any] | None = None, uploads: DraftUploads | None = None
) -> Decoded:
    """Decode a posted small form."""
    return decode(
        form, posted(), draft or {}, {}, moment=the_service().moment(), files=request.files, uploads=uploads
    )


def judge_sheet(
    form: Form, answers: Mapping[str, Any], uploads: DraftUploads | None = None
) -> dict[str, Any]:
    """Return the clean answers. Raises ``engine.forms.FormInvalid``."""
    moment = the_service().moment()
    return forms.check(form, answers, {}, moment=moment, source="page", documents=uploads).clean


def accepted(
    form: Form, clean: Mapping[str, Any], *, title: str, uploads: DraftUploads | None = None
) -> Sheet:
    """Return the sheet that keeps the accepted answers of a small form with the complaint."""
    return filled(form, clean, {}, moment=the_service().moment(), title=title, documents=uploads)


def sheet_page(
    form: Form,
    answers: Mapping[str, Any] | None = None,
    *,
    errors: tuple[FieldError, ...] = (),
    key: str = "",
    version: str = "",
    submit: str = "Send",
    uploads: DraftUploads | None = None,
    live: str = "",
) -> FormPage:
    """Return a small form ready to print, with what was typed."""
    view = forms.view(
        form, answers or {}, {}, moment=the_service().moment(), errors=errors, documents=uploads
    )
    return form_page(view, public=True, submit=submit, key=key, version=version, live=live)
