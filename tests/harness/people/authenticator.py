"""An authenticator in software: it makes a passkey and signs with it, as a phone does (WebAuthn level 3, section 6)."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey; `sign_count` stays 0 unless it `counts`, as with passkeys that several devices share."""

    origin: str = "http://localhost"
    host: str = "localhost"
    is_verified: bool = True
    counts: bool = False
    sign_count: int = 0
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: os.urandom(16))
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        """Return the answer to the options for `navigator.credentials.create`, as JSON."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        numbers = self.private_key.public_key().public_numbers()
        public_key = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public_key
        data = self._data(ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"attestationObject": attestation}, self._client_data("create", options))

    def get(self, options: dict[str, Any]) -> str:
        """Return the answer to the options for `navigator.credentials.get`, as JSON."""
        self.sign_count += self.counts
        data, client_data = self._data(0), self._client_data("get", options)
        signature = self.private_key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        parts = {"authenticatorData": data, "signature": signature, "userHandle": self.user_handle}
        return self._answer(parts, client_data)

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.is_verified else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _client_data(self, what: str, options: dict[str, Any]) -> bytes:
        said = {
            "type": f"webauthn.{what}",
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _answer(self, parts: dict[str, bytes], client_data: bytes) -> str:
        credential_id = bytes_to_base64url(self.credential_id)
        response = {name: bytes_to_base64url(part) for name, part in {**parts, "clientDataJSON": client_data}.items()}
        return json.dumps({"id": credential_id, "rawId": credential_id, "type": "public-key", "response": response})
