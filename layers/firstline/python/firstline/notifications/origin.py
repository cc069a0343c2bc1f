"""Origin: what each page says of the deployment that it comes from."""

import msgspec

from firstline import command_lines, console_links
from firstline.config.settings import Mode


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet in a Region, with the mode of its deployment, and its runbook where that is known."""

    fleet: str
    region: str
    mode: Mode
    runbook: str = ""

    @property
    def title(self) -> str:
        """How the title of each page begins; a mode in which nothing is fixed is part of it."""
        mode = "" if self.mode == "enforce" else f" {self.mode}"
        return f"[{self.fleet} {self.region}{mode}]"

    @property
    def where(self) -> str:
        """The options by which a command finds this deployment."""
        return command_lines.deployment(self.fleet, self.region)

    @property
    def facts(self) -> dict[str, str]:
        """What every page says beside what it is about; the console is on the dashboard."""
        link = console_links.dashboard_url(dashboard_name(self.fleet), self.region)
        runbook = {"runbook_link": self.runbook} if self.runbook else {}
        return {"region": self.region, "mode": self.mode, "dashboard_link": link, **runbook}


def dashboard_name(fleet: str) -> str:
    """What the dashboard of *fleet* is called in CloudWatch."""
    return f"firstline-{fleet}"
