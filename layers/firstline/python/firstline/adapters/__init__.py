"""The ports over AWS, PagerDuty, NATS and HTTP: the only code in Lambda that talks to them."""
