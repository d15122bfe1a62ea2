"""A process that began beside a complaint belongs to the complaint's case; whoever is kept out is found by name."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from alembic import op

revision = "0007_access"
down_revision = "0006_procedure"
branch_labels = None
depends_on = None

LOG = logging.getLogger("redress")
BESIDE = sa.text(
    "SELECT instances.key AS beside, complaints.instance_key AS case_key, complaints.reference AS reference"
    " FROM instances JOIN complaints ON CAST(complaints.key AS TEXT) = instances.start_key"
    " WHERE instances.key = instances.root_key"
    " AND complaints.instance_key IS NOT NULL AND complaints.instance_key <> instances.key"
    " AND NOT EXISTS (SELECT 1 FROM complaints AS own WHERE own.instance_key = instances.key)"
)


def upgrade() -> None:
    """Join the surveys that a complaint's closing message began, by the key the engine noted, and say which."""
    connection = op.get_bind()
    for one in connection.execute(BESIDE).all():
        connection.execute(
            sa.text("UPDATE instances SET case_key = :case_key WHERE root_key = :beside"),
            {"case_key": one.case_key, "beside": one.beside},
        )
        LOG.info("process instance %s belongs to complaint %s", one.beside, one.reference)
    op.create_index(
        "ix_complaint_exclusions_person_name", "complaint_exclusions", ["person_name", "complaint_key"]
    )
