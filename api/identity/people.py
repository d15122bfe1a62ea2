"""People with accounts: adding, changing, disabling, finding; no account ever has a known default password."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.identity import passwords
from api.identity.roles import ROLES, groups_of
from api.identity.tables import PersonRow, SessionRow
from engine.actors import OURS, Actor
from engine.errors import Conflict, Invalid, NotFound
from engine.store.columns import METADATA

_OWNER = "person_key"  # of whoever a session, token or feed lets in
_NAME = re.compile(r"[a-zA-Z0-9_.@+-]{1,64}")
_EMAIL = re.compile(r"(?=.{3,254}\Z)[^@\s<>\"\x00-\x1f]+@[^@\s<>\"\x00-\x1f]+")


class PersonNotFound(NotFound):
    """There is no account of this name."""

    code = "person_not_found"


class NameTaken(Conflict):
    """There is already an account of this name. Small and capital letters make no other name."""

    code = "name_taken"


class NameRefused(Invalid):
    """A user name has 1 to 64 of the characters a-z, A-Z, 0-9 and _ . @ + - only, and is none the service itself acts under."""

    code = "name_refused"


class DetailsRefused(Invalid):
    """These details of an account cannot be kept."""

    code = "details_refused"


class RoleUnknown(Invalid):
    """There is no such role."""

    code = "role_unknown"


class LastAdministrator(Conflict):
    """This is the last administrator; make somebody else one first."""

    code = "last_administrator"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. ``groups`` holds those of their roles and those given to them by name."""

    key: int
    name: str
    display_name: str
    email: str | None
    roles: frozenset[str]
    groups: frozenset[str]
    active: bool

    @property
    def actor(self) -> Actor:
        """The person as the engine sees them."""
        return Actor(name=self.name, groups=self.groups, roles=self.roles, kind="person")


def add(
    session: Session,
    *,
    key: int,
    name: str,
    display_name: str,
    password: str | None,
    roles: Collection[str],
    groups: Collection[str] = (),
    email: str | None = None,
    at: datetime,
) -> Person:
    """Create an account; without a password nobody can sign in to it. Raises the refusals above and ``PasswordRefused``."""
    if not _NAME.fullmatch(name) or name.casefold() in OURS:
        raise NameRefused(name=name)
    _check_details(display_name, email, groups)
    if taken := _spelled(session, name):
        raise NameTaken(name=taken[0].name)
    row = PersonRow(
        key=key,
        name=name,
        display_name=display_name.strip() or name,
        email=email,
        roles=sorted(_known(roles)),
        groups=sorted(set(groups)),
        password_hash=_hashed(password, name) if password else None,
        active=True,
        created_at=at,
    )
    session.add(row)
    session.flush()
    return person_of(row)


def change(
    session: Session,
    name: str,
    *,
    roles: Collection[str] | None = None,
    groups: Collection[str] | None = None,
    active: bool | None = None,
    password: str | None = None,
    display_name: str | None = None,
    email: str | None = None,
    at: datetime,
) -> Person:
    """Change what is given; None keeps.

    Roles end the person's sessions (they sign in again). A new password, disabling and enabling end every way in they have:
    sessions, API tokens, feeds; what was ended never revives.
    """
    row = _row(session, name)
    if row is None:
        raise PersonNotFound(name=name)
    losing = (roles is not None and "admin" not in roles) or active is False
    if losing and "admin" in row.roles and row.active and _administrators(session) == 1:
        raise LastAdministrator(name=name)
    _check_details(display_name or "", email, groups or ())
    ends_access = password is not None or active is False or (active is True and not row.active)
    if roles is not None:
        row.roles = sorted(_known(roles))
    if groups is not None:
        row.groups = sorted(set(groups))
    if active is not None:
        row.active = active
    if password is not None:
        row.password_hash = _hashed(password, name)
    row.display_name = display_name or row.display_name
    row.email = email if email is not None else row.email
    if ends_access:
        _end_access(session, row.key, at=at)
    elif roles is not None:
        session.execute(
            update(SessionRow)
            .where(SessionRow.person_key == row.key, SessionRow.revoked_at.is_(None))
            .values(revoked_at=at, revoked_why="account changed")
        )
    session.flush()
    return person_of(row)


def find(session: Session, name: str) -> Person | None:
    """Return the person with this user name, active or not."""
    row = _row(session, name)
    return person_of(row) if row else None


def everybody(session: Session) -> tuple[Person, ...]:
    """Return all accounts by display name."""
    return tuple(
        person_of(row) for row in session.scalars(select(PersonRow).order_by(PersonRow.display_name))
    )


def alike(found: Collection[Person]) -> frozenset[str]:
    """Return the names of those whose names differ in small and capital letters only."""
    times = Counter(person.name.lower() for person in found)
    return frozenset(person.name for person in found if times[person.name.lower()] > 1)


def eligible(session: Session, groups: Collection[str]) -> tuple[Person, ...]:
    """Return the active people who belong to at least one of ``groups``."""
    wanted = frozenset(groups)
    return tuple(person for person in everybody(session) if person.active and person.groups & wanted)


def with_role(session: Session, role: str) -> tuple[Person, ...]:
    """Return the active people who hold ``role``."""
    return tuple(person for person in everybody(session) if person.active and role in person.roles)


def count(session: Session) -> int:
    """Return how many accounts there are."""
    return session.scalar(select(func.count()).select_from(PersonRow)) or 0


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who claims to be signing in, and the hash their password must match; both None for a name nobody has."""

    person: Person | None
    password_hash: str | None


def credentials(session: Session, name: str) -> Credentials:
    """Return what a password is judged by; judging takes long and happens outside the transaction.

    Small and capital letters may be mixed, where not two accounts of an older day differ in nothing else.
    """
    found = _spelled(session, name)
    exactly = next((row for row in found if row.name == name), None)
    row = exactly or (found[0] if len(found) == 1 else None)
    return Credentials(None, None) if row is None else Credentials(person_of(row), row.password_hash)


def authenticate(known: Credentials, password: str) -> Person | None:
    """Return the active person whose password this is, else None; every failure takes the same time. Raises ``TooBusy``."""
    right = passwords.verify(password, known.password_hash)
    return known.person if right and known.person is not None and known.person.active else None


def renew_hash(session: Session, person: Person, known: Credentials, password: str) -> None:
    """Store the password's hash anew when it was made with older parameters; sessions stay."""
    if known.password_hash is None or not passwords.is_outdated(known.password_hash):
        return
    session.execute(
        update(PersonRow)
        .where(PersonRow.key == person.key, PersonRow.password_hash == known.password_hash)
        .values(password_hash=passwords.hash_password(password))
    )


def person_of(row: PersonRow) -> Person:
    """Return the value of a row."""
    roles = frozenset(row.roles)
    return Person(
        key=row.key,
        name=row.name,
        display_name=row.display_name,
        email=row.email,
        roles=roles,
        groups=groups_of(roles) | frozenset(row.groups),
        active=row.active,
    )


def _row(session: Session, name: str) -> PersonRow | None:
    return session.scalar(select(PersonRow).where(PersonRow.name == name)) if _NAME.fullmatch(name) else None


def _spelled(session: Session, name: str) -> list[PersonRow]:
    """Return the accounts whose names differ from this one in small and capital letters at most."""
    if not _NAME.fullmatch(name):
        return []
    return list(session.scalars(select(PersonRow).where(func.lower(PersonRow.name) == name.lower())))


def _check_details(display_name: str, email: str | None, groups: Collection[str]) -> None:
    if not display_name.isprintable() or len(display_name) > 200:
        raise DetailsRefused(
            "A name to show has up to 200 characters, all of them printable.", field="display_name"
        )
    if email is not None and not _EMAIL.fullmatch(email):
        raise DetailsRefused("This is not an e-mail address.", field="email")
    if wrong := next((group for group in groups if not _NAME.fullmatch(group)), None):
        raise DetailsRefused(
            "A group has 1 to 64 of the characters a-z, A-Z, 0-9 and _ . @ + - only.", group=repr(wrong)
        )


def _known(roles: Collection[str]) -> frozenset[str]:
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise RoleUnknown(f"There is no role {unknown[0]!r}. Roles: {', '.join(ROLES)}.", role=unknown[0])
    return frozenset(roles)


def _hashed(password: str, name: str) -> str:
    passwords.check_strength(password, person_name=name)
    return passwords.hash_password(password)


def _end_access(session: Session, person_key: int, *, at: datetime) -> None:
    """Revoke whatever opens a door for the person: the rows of every table that belong to a person and can be revoked."""
    for table in METADATA.sorted_tables:
        if _OWNER in table.c and "revoked_at" in table.c:
            session.execute(
                update(table)
                .where(table.c[_OWNER] == person_key, table.c.revoked_at.is_(None))
                .values(revoked_at=at)
            )


def _administrators(session: Session) -> int:
    """Count them, and keep every account as it is until the transaction ends: two may be leaving at the same moment."""
    rows = session.scalars(
        select(PersonRow)
        .where(PersonRow.active.is_(True))
        .order_by(PersonRow.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return sum("admin" in row.roles for row in rows)
