"""Reasons: why a role has what no recorded call of its function uses."""

FOR_LAMBDA = "Lambda itself does it for the function"
REASONS = {
    "logs:CreateLogStream": FOR_LAMBDA,
    "logs:PutLogEvents": FOR_LAMBDA,
    "sqs:ReceiveMessage": FOR_LAMBDA,
    "sqs:DeleteMessage": FOR_LAMBDA,
    "sqs:GetQueueAttributes": FOR_LAMBDA,
    "dynamodb:DescribeStream": FOR_LAMBDA,
    "dynamodb:GetRecords": FOR_LAMBDA,
    "dynamodb:GetShardIterator": FOR_LAMBDA,
    "dynamodb:ListStreams": FOR_LAMBDA,
    "ec2:AssignPrivateIpAddresses": FOR_LAMBDA,
    "ec2:CreateNetworkInterface": FOR_LAMBDA,
    "ec2:DeleteNetworkInterface": FOR_LAMBDA,
    "ec2:DescribeNetworkInterfaces": FOR_LAMBDA,
    "ec2:DescribeSubnets": FOR_LAMBDA,
    "ec2:UnassignPrivateIpAddresses": FOR_LAMBDA,
    "lambda:InvokeFunction": "the schedule runs the function",
    "cloudwatch:SetAlarmState": "the schedule rings the drill's alarm",
}
"""By action, whatever the role."""
OF_FUNCTION: dict[tuple[str, str, str], str] = {
    ("archive", "sqs:SendMessage", ""): "Lambda tells there which part of the stream was given up",
}
"""By function, action and how the resource ends, where only that function has it so."""


def reason(function: str, action: str, resource: str) -> str:
    """Why *function* may do *action* to *resource* without asking for it; empty: nobody says."""
    for (whose, what, ends), why in OF_FUNCTION.items():
        if (whose, what) == (function, action) and resource.endswith(ends):
            return why
    return REASONS.get(action, "")
