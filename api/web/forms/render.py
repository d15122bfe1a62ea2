"""Making the form templates known to a Flask app."""

from __future__ import annotations

from flask import Blueprint, Flask


def init_forms(app: Flask) -> None:
    """Let ``app`` find ``forms/form.html``; its macros need nothing but the ``FormPage`` they are given.

    ``{% import "forms/form.html" as forms %}`` then ``{{ forms.error_summary(page) }}`` and ``{{
    forms.form(page, action=…, csrf_token=csrf_token()) }}``, or ``{{ forms.fields(page) }}`` inside a form of
    your own.
    """
    app.register_blueprint(Blueprint("redress_forms", __name__, template_folder="templates"))
