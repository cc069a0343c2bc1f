"""A fleet with several REST and HTTP APIs has an alarm and a rule for each."""

from collections.abc import Iterator

from firstline.config import fleet_file
from firstline.config.profile import Profile
from firstline.monitoring import alarms
from firstline.signal import Severity
from tests.config.test_fleet_file import USUAL, refused

HTTP = 'http_api = "a1b2c3d4e5"'
SEVERAL = USUAL.replace(
    HTTP, 'http_api = ["a1b2c3d4e5", "f6g7h8i9j0"]\nrest_api = ["Vaults API", "admin"]'
)


def of_apis(profile: Profile) -> Iterator[tuple[str, str]]:
    """The alarms of APIs that the fleet has, and what each watches."""
    for each in alarms.deployable_alarms(profile):
        if each.namespace == "AWS/ApiGateway":
            (api,) = each.dimensions.values()
            yield each.name, api


def test_each_api_has_its_alarm_and_its_rule() -> None:
    profile = fleet_file.parse(SEVERAL.encode(), "my-fleet.toml")
    assert dict(of_apis(profile)) == {
        "http-api-errors-a1b2c3d4e5": "a1b2c3d4e5",
        "http-api-errors-f6g7h8i9j0": "f6g7h8i9j0",
        "rest-api-errors-vaults-api": "Vaults API",
        "rest-api-errors-admin": "admin",
    }
    assert {profile.severity_of(name) for name, _ in of_apis(profile)} == {Severity.P2}
    assert [each.name for each in profile.rules if each.subject == "rest-api-errors-admin"] == [
        "the REST API fails: admin"
    ]
    assert profile.fleet.rest_apis == ("Vaults API", "admin")


def test_one_api_keeps_the_policys_name() -> None:
    """In its own words; a list of one is a list."""
    one = fleet_file.parse(USUAL.encode(), "my-fleet.toml")
    assert list(of_apis(one)) == [("http-api-errors", "a1b2c3d4e5")]
    assert (one.fleet.http_apis, one.fleet.rest_apis) == (("a1b2c3d4e5",), ())
    listed = USUAL.replace(HTTP, 'http_api = ["a1b2c3d4e5"]').encode()
    profile = fleet_file.parse(listed, "my-fleet.toml")
    assert list(of_apis(profile)) == [("http-api-errors-a1b2c3d4e5", "a1b2c3d4e5")]


def test_an_alarm_of_one_api_changes_by_its_name() -> None:
    change = '[[alarms.made]]\nname = "rest-api-errors-admin"\nthreshold = 20\n'
    profile = fleet_file.parse(f"{SEVERAL}\n{change}".encode(), "my-fleet.toml")
    thresholds = {each.name: each.threshold for each in alarms.deployable_alarms(profile)}
    assert (thresholds["rest-api-errors-admin"], thresholds["rest-api-errors-vaults-api"]) == (
        20,
        5,
    )


def test_two_apis_of_one_name_are_refused() -> None:
    """Names that differ in what an alarm's name leaves out."""
    twice = USUAL.replace(HTTP, 'rest_api = ["vaults-api", "Vaults API"]')
    assert "'rest-api-errors-vaults-api' is defined twice" in refused(twice)


def test_what_is_no_list_of_names_is_a_fault_of_the_file() -> None:
    for value in ("[]", "[7]", "7", '[""]', '"-"', '["-"]'):
        assert "my-fleet.toml:8: fleet.http_api" in refused(
            USUAL.replace(HTTP, f"http_api = {value}")
        )


def test_an_alarm_of_the_fleets_own_names_the_one_that_it_means() -> None:
    own = """
[[alarms.made]]
name = "slow-api"
namespace = "AWS/ApiGateway"
metric = "Latency"
dimensions = { ApiId = "$http_api" }
statistic = "p99"
comparison = ">"
threshold = 2
unit = "seconds"
period_seconds = 60
evaluation_periods = 5
missing_data = "notBreaching"

[[rules]]
name = "an API is slow"
source = "cloudwatch.alarm"
subject = "slow-api"
condition = "api-errors"
severity = "P3"
component = "api"
"""
    assert (
        fleet_file.parse(f"{USUAL}{own}".encode(), "my-fleet.toml").severity_of("slow-api") == "P3"
    )
    line = "alarms.made[\"slow-api\"].dimensions.ApiId: '$http_api' is a list of APIs: write one of"
    assert line in refused(f"{SEVERAL}{own}")
