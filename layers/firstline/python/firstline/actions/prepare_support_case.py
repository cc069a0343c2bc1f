"""An AWS Support case, written and not sent: its text is part of the escalation (R46)."""

from datetime import timedelta

from firstline.actions.action import Action

PREPARE_SUPPORT_CASE = Action(
    name="prepare_support_case",
    kind="look",
    executor="none",
    scope="fleet",
    keeps_enclave=True,
    runbook_steps=("R46",),
    permissions=(),
    blast_radius="none: it writes a text",
    reversibility="nothing to reverse",
    autonomy="auto",
    delivery_limit=timedelta(0),
    verification="none: a person reads it and sends it",
)
