"""Accounts, for administrators: add, change roles, disable, give a new password; nobody grants a role to themselves."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints import handing_on
from api.context import require, the_engine, the_service
from api.db import db
from api.identity import people as accounts
from api.identity.doors import action
from api.identity.roles import ROLES, groups_of
from api.web.staff import blueprint
from engine.errors import RedressError


@blueprint.get("/people")
@action("people.manage")
def people() -> ResponseReturnValue:
    """List all accounts, with the form for a new one."""
    require("people.manage")
    return _page()


@blueprint.post("/people")
@action("people.manage")
def add_person() -> ResponseReturnValue:
    """Create an account with a random password, shown once; 422 with the reason when it is refused."""
    require("people.manage")
    service, form = the_service(), request.form
    password, key = secrets.token_urlsafe(15), the_engine().next_key()
    try:
        person = the_engine().write(
            lambda session: accounts.add(
                session,
                key=key,
                name=form.get("name", "").strip(),
                display_name=form.get("display_name", ""),
                email=form.get("email", "").strip() or None,
                password=password,
                roles=form.getlist("roles"),
                groups=[group for group in form.get("groups", "").replace(",", " ").split() if group],
                at=service.clock.now(),
            )
        )
    except RedressError as refusal:
        return _page(refusal.message), 422
    flash(
        f"{person.display_name} can sign in as {person.name} with the password {password}. It is shown this once."
    )
    return redirect(url_for("staff.people"), 303)


@blueprint.get("/people/<name>")
@action("people.manage")
def person(name: str) -> ResponseReturnValue:
    """Show one account with what may be changed."""
    require("people.manage")
    return _person(name)


@blueprint.post("/people/<name>")
@action("people.manage")
def change_person(name: str) -> ResponseReturnValue:
    """Change roles and groups, disable or enable, or give a new password; open sessions of the account end."""
    me = require("people.manage")
    service, form = the_service(), request.form
    if name == me.name and form.get("do") != "password":
        return _person(name, "Somebody else changes your own roles."), 422
    password = secrets.token_urlsafe(15) if form.get("do") == "password" else None
    changing = form.get("do") == "roles"
    try:
        the_engine().write(
            lambda session: accounts.change(
                session,
                name,
                roles=form.getlist("roles") if changing else None,
                groups=form.get("groups", "").replace(",", " ").split() if changing else None,
                active={"disable": False, "enable": True}.get(form.get("do", "")),
                password=password,
                at=service.clock.now(),
            )
        )
    except RedressError as refusal:
        return _person(name, refusal.message), 422
    handing_on.settle(service)
    flash(f"New password of {name}, shown this once: {password}" if password else f"{name} is changed.")
    return redirect(url_for("staff.people"), 303)


def _page(problem: str = "") -> str:
    return render_template(
        "staff/people.html",
        everybody=accounts.everybody(db.session()),
        roles=ROLES,
        problem=problem,
        typed=request.form,
    )


def _person(name: str, problem: str = "") -> str:
    found = accounts.find(db.session(), name)
    if found is None:
        raise accounts.PersonNotFound(name=name)
    own_groups = sorted(found.groups - groups_of(found.roles))
    return render_template(
        "staff/person.html", person=found, own_groups=own_groups, roles=ROLES, problem=problem
    )
