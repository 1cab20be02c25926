"""A device that keeps passkeys, written from the standard (WebAuthn level 2, 6.1, 6.5 and 8.7) and not from the library."""

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    """Base64 as browsers send it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Device:
    """One passkey. ``verifies``: whether it asks for a finger; ``counts``: how much its counter moves at each use."""

    origin: str
    verifies: bool = True
    counts: int = 1
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    used: int = 0
    owner: bytes = b""

    def create(self, options: str) -> str:
        """Make the passkey that a page asks for."""
        asked = json.loads(options)
        self.owner = decoded(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        named = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cbor2.dumps(public)
        told = self._told(asked["rp"]["id"], NEW_KEY) + named
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
        data = self._client_data("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": encoded(data), "attestationObject": encoded(attestation)})

    def get(self, options: str) -> str:
        """Show the passkey to a page that asks for one."""
        asked = json.loads(options)
        self.used += self.counts
        told, data = self._told(asked["rpId"], 0), self._client_data("webauthn.get", asked["challenge"])
        signature = self.key.sign(told + hashlib.sha256(data).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": data, "authenticatorData": told, "signature": signature, "userHandle": self.owner}
        return self._answer({name: encoded(part) for name, part in parts.items()})

    def _told(self, host: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, self.used)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = encoded(self.credential_id)
        answer = {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        return json.dumps(answer)
