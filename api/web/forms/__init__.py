"""Forms as pages: HTML of a form, decoding of what is posted, words of its errors, steps. Macros and no
routes.

What belongs here: how a form looks and speaks. What does not: which answers are right (``engine.forms``),
where drafts and uploads are kept, who may open which form.
"""

from api.web.forms.decode import Action, Decoded, decode
from api.web.forms.markdown import html, letter_html, markdown
from api.web.forms.page import FormPage, form_page
from api.web.forms.posted import FileRefused, UploadedFile, Uploads
from api.web.forms.render import init_forms
from api.web.forms.steps import (
    answered_steps,
    first_unanswered,
    neighbours,
    step_of,
    typed_lines,
    visible_steps,
)
from api.web.forms.texts import ENGLISH, Language, error_text, show

__all__ = [
    "ENGLISH",
    "Action",
    "Decoded",
    "FileRefused",
    "FormPage",
    "Language",
    "UploadedFile",
    "Uploads",
    "answered_steps",
    "decode",
    "error_text",
    "first_unanswered",
    "form_page",
    "html",
    "init_forms",
    "letter_html",
    "markdown",
    "neighbours",
    "show",
    "step_of",
    "typed_lines",
    "visible_steps",
]
