"""Origin: the deployment as each page names it."""

import msgspec

from firstline import command_lines, console_links
from firstline.config.settings import Mode


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet in a Region, the mode of its deployment, and its runbook if known."""

    fleet: str
    region: str
    mode: Mode
    runbook: str = ""

    @property
    def title(self) -> str:
        """The start of each page's title; a mode without fixes is part of it."""
        mode = "" if self.mode == "enforce" else f" {self.mode}"
        return f"[{self.fleet} {self.region}{mode}]"

    @property
    def where(self) -> str:
        """The command-line options that select this deployment."""
        return command_lines.deployment(self.fleet, self.region)

    @property
    def facts(self) -> dict[str, str]:
        """The facts of every page about the deployment; the console is on the dashboard."""
        link = console_links.dashboard_url(dashboard_name(self.fleet), self.region)
        runbook = {"runbook_link": self.runbook} if self.runbook else {}
        return {"region": self.region, "mode": self.mode, "dashboard_link": link, **runbook}


def dashboard_name(fleet: str) -> str:
    """The name of *fleet*'s dashboard in CloudWatch."""
    return f"firstline-{fleet}"
