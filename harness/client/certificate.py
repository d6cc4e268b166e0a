"""A certificate for the servers of one trial, by an authority that only the client of the trial trusts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from pathlib import Path

NAME = "localhost"
NAMES = (NAME, "127.0.0.1", "::1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Certificate:
    """The files of a certificate for `localhost`, `127.0.0.1` and `::1`, in PEM.

    Attributes:
        authority: the certificate of the authority that signed.
        certificate: the server's certificate.
        key: the server's private key.

    """

    authority: Path
    certificate: Path
    key: Path

    def context(self, protocols: Sequence[str] = ()) -> ssl.SSLContext:
        """Return the TLS of a client that trusts this authority alone; ``protocols`` are offered by ALPN."""
        import ssl  # noqa: PLC0415 - few calls need it

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.authority)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context


def issued(folder: Path) -> Certificate:
    """Make a certificate, and write `authority.pem`, `certificate.pem` and `key.pem` into the folder."""
    import trustme  # noqa: PLC0415 - few trials need a certificate

    authority = trustme.CA()
    certificate = authority.issue_cert(*NAMES)
    made = Certificate(
        authority=folder / "authority.pem", certificate=folder / "certificate.pem", key=folder / "key.pem"
    )
    authority.cert_pem.write_to_path(made.authority)
    made.certificate.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(made.key)
    return made
