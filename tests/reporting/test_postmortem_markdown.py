"""A report as Markdown: the same words, and nothing that they say marks anything up."""

from firstline.reporting.postmortem.markdown import escape, markdown
from firstline.reporting.postmortem.write import write_report
from tests.builders import ALARM_ARN, ALARM_NAME, PROFILE, A
from tests.reporting.chains import chain, decision, handed_over, looked, opening, outage

CLOUDWATCH = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
HOSTILE = "<img src=x onerror=y> [a](http://x) | `c` ![b](x) **d** www.x.example"


def test_it_says_all_that_the_report_says() -> None:
    """Each section, in the order of the page."""
    metrics = [{"name": "5xx", "around": ["9"], "before": ["1", "2", "1"]}]
    result = markdown(
        write_report(chain(*outage(helped=False), handed_over(101, metrics=metrics)), PROFILE)
    )
    sections = [each for each in result.splitlines() if each.startswith("#")]
    assert sections == [
        "# P1 complete-outage: escalated after 1 min 40 s",
        "## Next steps",
        "## Summary",
        "## Timeline (R39)",
        "## Observed",
        "## Unknown",
        "## Likely cause (R40)",
        "### Evidence for",
        "### Evidence against it, or against others",
        "## Decisions",
        "## Metrics around the start (R20)",
        "## Proposed follow-ups (R41)",
        "## Runbook and policy (R42)",
        "## Post-mortem (R43)",
        "## Runbook steps",
        "## Record",
    ]
    assert "| 5xx | 9 | 1, 2, 1 | unusual |" in result
    assert (
        f"| 04:20:05 | +5 s | fixes | executes restart\\_enclave on {A} (token aaaaaaaa) |"
    ) in result
    assert "- R17: restart the services that do not run" in result
    assert "- R17: P1, recovery: enclave not running: restart it, over SSM" in result


def test_links_are_links_and_follow_ups_stand_once() -> None:
    """Those of one that is over stand at the beginning."""
    shown = markdown(write_report(chain(opening(arn=ALARM_ARN), *outage()[1:]), PROFILE))
    assert f"alarm <{CLOUDWATCH}#alarmsV2:alarm/{ALARM_NAME}>, dashboard <{CLOUDWATCH}#" in shown
    sections = [each for each in shown.splitlines() if each.startswith("#")]
    assert sections[1:3] == ["## Next steps", "## Summary"]
    assert "## Proposed follow-ups (R41)" not in sections
    assert shown.count("vaults on") == 1


def test_a_signal_that_opened_nothing_has_nothing_to_do() -> None:
    shown = markdown(write_report(chain(opening(disposition="ignored")), PROFILE))
    assert "## Next steps" not in shown


def test_empty_sections_have_a_text() -> None:
    """An empty section would look like one that was forgotten."""
    result = markdown(
        write_report(
            chain(opening(severity="P3"), decision(3, "wait"), decision(4, "wait")), PROFILE
        )
    )
    assert "No host was inspected." in result
    assert "None." in result
    assert "wait (2 times)" in result
    assert "Post-mortem" not in result


def test_how_the_guards_answered_is_a_cell() -> None:
    """The guards that denied, and the number of guards."""
    guards = [{"guard": "a", "denial": None}, {"guard": "b", "denial": {"why": "no"}}]
    result = markdown(write_report(chain(opening(), decision(3, "wait", guards=guards)), PROFILE))
    assert "| denied by b; 2 guards evaluated |" in result


def test_a_hostile_text_is_text() -> None:
    """No HTML, no link, no picture, no cell more than there should be."""
    result = markdown(
        write_report(
            chain(opening(why=HOSTILE), looked(1, {A: {"type": "unknown", "why": HOSTILE}})),
            PROFILE,
        )
    )
    for line in result.splitlines():
        assert "<img" not in line.replace("\\<", "")
        assert "](" not in line.replace("\\]", "")
    assert escape("a|b") == "a\\|b"
    assert "http:" not in escape(HOSTILE)
    assert "www." not in escape(HOSTILE)
