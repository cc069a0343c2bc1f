"""Settings for code that runs without a stack."""

from firstline.config.settings import Home, Settings


def nowhere(home: Home, code: str) -> Settings:
    """Return settings without an address, in mode ``dry-run``; *code* stands for the package."""
    return Settings(
        home=home,
        mode="dry-run",
        profile_path="",
        incidents_table="",
        ledger_table="",
        archive_bucket="archive",
        signing_key="key",
        signals_queue_url="",
        wakes_queue_url="",
        routing_key_secret="",
        pager_url="",
        pager_notes_from="",
        team_topic="",
        documents={},
        alarms={},
        hash_key=code,
        code=code,
    )
