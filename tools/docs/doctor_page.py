"""``docs/DOCTOR.md``: the checks of ``firstline doctor`` and its permissions."""

from firstline import command_lines
from firstline.doctor import deploy_settings, iam_actions, impact
from firstline.doctor import run as doctor
from firstline.doctor.hosts import REPORT_MAX_AGE
from firstline.doctor.past_host_reports import CHECKPOINTS_MAX, INCIDENTS_MAX

HEAD = """# What the doctor checks

Made by `./dev docs` from `doctor/`. `firstline doctor --fleet FILE` holds a profile
against the account of your credentials, before the first deployment or after it. It only
reads; with `--look` it also sends the look document to the group's hosts, which changes
nothing on them. It exits with 1 if a finding is critical, which is one that keeps a P1
from being heard. What could not be read is a finding too.

| check | what must hold | severity | if not | remedy |
|---|---|---|---|---|
"""
PLACES = """
`{{deploy}}` is one line, which doctor fills in with the path of the fleet file; what it deploys
stands in that file. `{{look}}` is `doctor` with `--look` and that path. `{{enforce}}` is the key to
write under `[deployment]`, and then that line:

```
{line}
```
"""
HARMS = """
## What a refused action harms

For each function that is deployed, `role-*` asks IAM to judge all that the stack's own template
gives it (SimulatePrincipalPolicy, which does nothing), for the role that the function has now. A
refusal is as grave as what then no longer works; the first row that fits is meant.

| function | action | severity | what follows |
|---|---|---|---|
"""
LIMITS = """
A simulation knows the role's policies, its boundary and the organisation's service control
policies; no policy of a bucket, a queue or a key, and no resource control policy. It is given the
Region, the accounts, the role and TLS as a call carries them, and the keys that our own statements
ask for. What a policy of the organisation asks for beside these (the organisation's id, tags of the
principal, the network) counts as not there, and IAM does not say so: hold such a finding against
the policy, and such a policy against the functions.

## What earlier looks told

Without `--look` a host's units are as its last look said, if that is {days} days ago at most.
Read are the open incidents, and those that the last {checkpoints} checkpoints of the archive name,
{incidents} in all. A host of which they tell nothing counts as one that nobody looked at.

## What whoever runs it needs

| action | on |
|---|---|
"""


def doctor_page() -> str:
    """Return the whole page."""
    first = command_lines.deploy(deploy_settings.DEFAULT_FLEET_FILE)
    harms = f"{PLACES.format(line=first)}{HARMS}"
    limits = LIMITS.format(
        days=REPORT_MAX_AGE.days, checkpoints=CHECKPOINTS_MAX, incidents=INCIDENTS_MAX
    )
    parts = ((HEAD, doctor.table()), (harms, impact.table()), (limits, iam_actions.table()))
    return "".join(f"{text}{chr(10).join(rows)}{chr(10)}" for text, rows in parts)
