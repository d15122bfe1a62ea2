"""The application over a composed service; read ``create_app`` top to bottom, it is everything that answers."""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint, Flask, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from api import browser, errors
from api.complaints import resources as complaints
from api.context import anybody, the_service
from api.db import db
from api.identity import doors
from api.limits import install_limits
from api.rest import documentation, linting, timers, v2
from api.secrets import cookie_key
from api.web import filters, links, public, staff
from api.web.environment import PageEnvironment
from api.web.forms import init_forms
from api.web.staff.navigation import may_record, staff_navigation, start_page
from api.wiring import Redress


class Application(Flask):
    """Flask with our templates' environment."""

    jinja_environment = PageEnvironment


def create_app(service: Redress) -> Flask:
    """Return the application: extensions, headers, errors, who is acting, limits, then the blueprints."""
    settings = service.settings
    app = Application("api", static_folder="web/static", template_folder="web/templates")
    app.extensions["redress"] = service
    app.config.update(
        SECRET_KEY=cookie_key(settings.data_dir),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SESSION_COOKIE_NAME="redress-form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=31 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=1000,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app,
            x_for=settings.proxies,
            x_proto=settings.proxies,
            x_host=settings.proxies,
            x_prefix=settings.proxies,
        )
    db.init_app(app)
    browser.install(app)
    filters.install(app)
    init_forms(app)
    errors.install(app)
    doors.install(app)  # first: a refusal knows whose menu it keeps, and whose typing it may show again
    install_limits(app)  # before the forgery check, which parses the form
    csrf = CSRFProtect(app)

    app.register_blueprint(public.blueprint)
    app.register_blueprint(staff.blueprint)
    app.register_blueprint(links.blueprint)
    own: tuple[Blueprint, ...] = (
        complaints.blueprint,
        timers.blueprint,
        linting.blueprint,
        documentation.blueprint,
    )
    for blueprint in (*v2.blueprints(), *own):
        app.register_blueprint(blueprint)
        csrf.exempt(blueprint)

    app.context_processor(_frame)
    app.extensions["redress_chores"] = service.chores
    doors.check_routes(app)
    return app


def _frame() -> dict[str, object]:
    person = anybody()
    return {
        "organisation": the_service().organisation.name,
        "version": version("redress"),
        "me": person,
        "session_left": doors.seconds_left(),
        "staff_navigation": staff_navigation,
        "may_record": may_record,
        "home_url": start_page(person) if person else url_for("public.guidance"),
    }
