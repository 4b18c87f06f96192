"""Verifies a webhook as a receiver does, with Standard Webhooks' own library and, for v1a, which it doesn't know, with
cryptography's Ed25519. What is signed is in the environment; another body must not pass."""
import base64
import json
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

given = json.loads(os.environ["WEBHOOK"])
headers, body = given["headers"], given["body"]


def refused(error, verify, text):
    try:
        verify(text)
    except error:
        return True
    return False


webhook = Webhook(given["secret"])
assert webhook.verify(body, headers)["type"] == "case.created"
assert refused(WebhookVerificationError, lambda text: webhook.verify(text, headers), body + " ")

key = Ed25519PublicKey.from_public_bytes(base64.b64decode(given["public_key"].removeprefix("whpk_")))
[signature] = [s for s in headers["webhook-signature"].split(" ") if s.startswith("v1a,")]


def verify_v1a(text):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{text}"
    key.verify(base64.b64decode(signature.removeprefix("v1a,")), signed.encode())


verify_v1a(body)
assert refused(InvalidSignature, verify_v1a, body + " ")
print("verified")
