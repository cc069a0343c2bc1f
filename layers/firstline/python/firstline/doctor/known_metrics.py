"""The metrics that each kind of resource publishes, to detect alarms on any other metric.

Sources: the services' lists (CloudWatch pages of the ELB, API Gateway, EC2, Auto Scaling and KMS
guides, read in 2026). A metric that has data is always valid, since the lists grow.
"""

from firstline.doctor.facts import Account, Metric, ReadFailure, or_empty

NETWORK = frozenset(
    {
        *("ActiveFlowCount", "ActiveFlowCount_TCP", "ActiveFlowCount_TLS", "ActiveFlowCount_UDP"),
        *("ActiveZonalShiftHostCount", "ClientTLSNegotiationErrorCount", "ConsumedLCUs"),
        *("ConsumedLCUs_TCP", "ConsumedLCUs_TLS", "ConsumedLCUs_UDP", "HealthyHostCount"),
        *("NewFlowCount", "NewFlowCount_TCP", "NewFlowCount_TLS", "NewFlowCount_UDP"),
        *("PeakBytesPerSecond", "PeakPacketsPerSecond", "PortAllocationErrorCount"),
        *("ProcessedBytes", "ProcessedBytes_TCP", "ProcessedBytes_TLS", "ProcessedBytes_UDP"),
        *("ProcessedPackets", "RejectedFlowCount", "RejectedFlowCount_TCP"),
        *(
            "SecurityGroupBlockedFlowCount_Inbound_TCP",
            "SecurityGroupBlockedFlowCount_Outbound_TCP",
        ),
        *("TargetTLSNegotiationErrorCount", "TCP_Client_Reset_Count", "TCP_ELB_Reset_Count"),
        *("TCP_Target_Reset_Count", "UnHealthyHostCount", "UnhealthyRoutingFlowCount"),
        *("ZonalHealthStatus", "ReservedLCUs"),
    }
)
REST = frozenset(
    {
        *("4XXError", "5XXError", "CacheHitCount", "CacheMissCount", "Count"),
        *("IntegrationLatency", "Latency"),
    }
)
HTTP = frozenset({"4xx", "5xx", "Count", "DataProcessed", "IntegrationLatency", "Latency"})
WEBSOCKET = frozenset(
    {
        *("ClientError", "ConnectCount", "ExecutionError", "IntegrationError"),
        *("IntegrationLatency", "MessageCount"),
    }
)
KMS = frozenset(
    {
        *(
            "CloudHSMKeyStoreThrottle",
            "ExternalKeyStoreThrottle",
            "SecondsUntilKeyMaterialExpiration",
        ),
        *("SuccessfulRequest", "XksExternalKeyManagerStates", "XksProxyCertificateDaysToExpire"),
        *("XksProxyCredentialAge", "XksProxyErrors", "XksProxyLatency"),
    }
)


def unpublished_reason(metric: Metric, account: Account) -> str:
    """Return why nothing publishes *metric*; empty if no reason is known."""
    if not isinstance(account.last_values, ReadFailure) and account.last_values.get(metric):
        return ""
    given = dict(metric.dimensions)
    match metric.namespace:
        case "AWS/ApplicationELB" | "AWS/NetworkELB":
            return _load_balancer(metric, given, account)
        case "AWS/ApiGateway":
            return _api(metric, given, account)
        case "AWS/AutoScaling":
            return _group(metric, given, account)
        case _:
            return _other_service(metric)


def _other_service(metric: Metric) -> str:
    """Return the reason that holds for every resource of a service."""
    match metric.namespace:
        case "AWS/EC2" if _needs_agent(metric.name):
            return (
                "EC2 does not measure inside a host: only the CloudWatch agent publishes "
                "memory and disks"
            )
        case "AWS/KMS" if metric.name not in KMS:
            return (
                "KMS has no metric of throttled calls: watch AWS/Usage CallCount against its quota"
            )
        case _:
            return ""


def _load_balancer(metric: Metric, given: dict[str, str], account: Account) -> str:
    kind = "net/" if metric.namespace == "AWS/NetworkELB" else "app/"
    balancer, group = given.get("LoadBalancer", ""), given.get("TargetGroup", "")
    if kind == "net/" and metric.name not in NETWORK:
        return f"a Network Load Balancer has no {metric.name}"
    if balancer and not balancer.startswith(kind):
        return f"{balancer} publishes in another namespace than {metric.namespace}"
    if balancer and balancer not in _or_assumed(account.balancers, balancer):
        return f"there is no load balancer {balancer}"
    groups = account.target_groups
    if (
        group
        and not isinstance(groups, ReadFailure)
        and group not in [each.name for each in groups]
    ):
        return f"there is no {group}"
    return ""


def _api(metric: Metric, given: dict[str, str], account: Account) -> str:
    if "ApiId" in given and not isinstance(account.http_apis, ReadFailure):
        found = next((each for each in account.http_apis if each.id == given["ApiId"]), None)
        if found is None:
            return f"there is no HTTP API {given['ApiId']}"
        names = WEBSOCKET if found.protocol == "WEBSOCKET" else HTTP
        return "" if metric.name in names else _other(found.protocol, metric.name, names)
    if "ApiName" in given and not isinstance(account.rest_apis, ReadFailure):
        if metric.name not in REST:
            return _other("REST", metric.name, REST)
        if given["ApiName"] not in [each.name for each in account.rest_apis]:
            http = [it.id for it in or_empty(account.http_apis) if it.name == given["ApiName"]]
            hint = f"; the HTTP API {http[0]} publishes 5xx and 4xx by ApiId" if http else ""
            return f"there is no REST API {given['ApiName']}{hint}"
    return ""


def _other(protocol: str, name: str, names: frozenset[str]) -> str:
    return f"an API of {protocol} has no {name}; it has {', '.join(sorted(names))}"


def _group(metric: Metric, given: dict[str, str], account: Account) -> str:
    name = given.get("AutoScalingGroupName", "")
    if isinstance(account.groups, ReadFailure):
        return ""
    found = account.group(name)
    if found is None:
        return f"there is no Auto Scaling group {name}"
    return "" if metric.name in found.collects else f"{name} does not collect its group metrics"


def _needs_agent(name: str) -> bool:
    """Return True if only an agent on the host can measure it."""
    return any(
        each in name.lower() for each in ("memory", "mem_", "swap", "diskspace", "disk_used")
    )


def _or_assumed(fact: tuple[str, ...] | ReadFailure, name: str) -> tuple[str, ...]:
    """Return the fact; just *name* if it was not read."""
    return (name,) if isinstance(fact, ReadFailure) else fact
