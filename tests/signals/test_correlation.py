import pytest

from firstline.signal import SERVICE_CONDITIONS, Condition
from firstline.signals import correlation

APART = frozenset(Condition) - frozenset(SERVICE_CONDITIONS)


def test_sides_of_one_trouble_have_one_cause() -> None:
    """A complete outage is also latency, 5xx and a silent NATS."""
    assert {correlation.correlation_key("vettid", each) for each in SERVICE_CONDITIONS} == {
        "vettid#service"
    }
    assert correlation.correlation_key("other", Condition.API_ERRORS) == "other#service"


def test_other_troubles_have_each_their_own() -> None:
    """Memory, KMS, capacity, users, findings, Health and what is not understood."""
    apart = {correlation.correlation_key("vettid", each) for each in APART}
    assert apart == {f"vettid#{each.value}" for each in APART}
    assert len(apart) == len(Condition) - 7
    assert correlation.storm_key("vettid") not in apart


@pytest.mark.parametrize("condition", Condition)
def test_a_scope_distinguishes_keys_and_is_not_shown(condition: Condition) -> None:
    """Its text comes from outside, so its digest stands for it."""
    one, two = (
        correlation.correlation_key("vettid", condition, each) for each in ("user-1", "user-2")
    )
    assert len({one, two, correlation.correlation_key("vettid", condition)}) == 3
    assert one == correlation.correlation_key("vettid", condition, "user-1")
    assert "user" not in one.removeprefix(f"vettid#{condition.value}#")


def test_a_repairable_condition_leads() -> None:
    """And what is no side of the service never takes the lead from what is."""
    ranks = [correlation.precedence(each) for each in SERVICE_CONDITIONS]
    assert ranks == sorted(set(ranks))
    assert all(correlation.precedence(each) > max(ranks) for each in APART)
