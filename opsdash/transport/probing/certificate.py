"""What a certificate says of itself: for whom it is, by whom, and until when."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from opsdash.core.reading import Cell

MOST_NAMES = 100
"""Of a certificate; one for a whole farm has more, and then the name that matters may lack."""


def certificate_fields(encoded: bytes) -> dict[str, Cell]:
    """The fields of a row: `begins_at` and `expires_at` (seconds since 1970), `names` and `issuer`.

    `encoded` is DER or PEM. ValueError when it is no certificate.
    """
    found = _read(encoded)
    return {
        "begins_at": found.not_valid_before_utc.timestamp(),
        "expires_at": found.not_valid_after_utc.timestamp(),
        "names": " ".join(_names(found)[:MOST_NAMES]),
        "issuer": _common_name(found.issuer) or found.issuer.rfc4514_string(),
    }


def certificate_subject(encoded: bytes) -> str:
    """Whom a certificate is made out to, as ``CN=shop.example,O=Shop``; ValueError."""
    return _read(encoded).subject.rfc4514_string()


def _read(encoded: bytes) -> x509.Certificate:
    pem = encoded.lstrip().startswith(b"-----BEGIN")
    return (x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate)(encoded)


def _names(found: x509.Certificate) -> list[str]:
    """Whom it is for; an old one without a list of names, by its common name."""
    try:
        listed = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = _common_name(found.subject)
        return common.split()[:1]
    addresses = [str(one) for one in listed.get_values_for_type(x509.IPAddress)]
    return [*("".join(one.split()) for one in listed.get_values_for_type(x509.DNSName)), *addresses]


def _common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else ""
