"""JSON Web Tokens, made by hand so that they can be wrong in every way."""

import base64
import hashlib
import hmac
import json
import time

SECRET = "a secret of the end-to-end tests, long enough"


def _part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(subject="alice", secret=SECRET, lifetime=300, algorithm="HS256", **claims):
    now = int(time.time())
    payload = {"sub": subject, "iat": now, "exp": now + lifetime, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    signed = _part(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + b"." + _part(json.dumps(payload).encode())
    if algorithm == "none":
        return (signed + b".").decode()
    return (signed + b"." + _part(hmac.new(secret.encode(), signed, hashlib.sha256).digest())).decode()
