"""Certificates made for a test: an authority, and what it signs."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Signed:
    """A certificate with its key, and where both stand in one file."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    path: str


class Authority:
    """A private authority with its own folder; `bundle` is what a Foreign System is given to trust it."""

    def __init__(self, folder, name="Practice CA"):
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.root = self._sign(name, [], issuer=None, authority=True)
        self.bundle = self.root.path

    def sign(self, hosts, name="server", days=(-1, 30), passphrase=None, purpose=None):
        """Return a certificate for `hosts` that holds from `days[0]` to `days[1]`, counted from now."""
        return self._sign(name, hosts, issuer=self.root, days=days, passphrase=passphrase, purpose=purpose)

    def _sign(self, name, hosts, *, issuer, authority=False, days=(-1, 30), passphrase=None, purpose=None):
        key = ec.generate_private_key(ec.SECP256R1())
        signer = issuer.key if issuer else key
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer.certificate.subject if issuer else _name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY)
            .not_valid_after(now + days[1] * DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
        )
        if authority:
            usage = dict.fromkeys(
                [
                    "content_commitment",
                    "key_encipherment",
                    "data_encipherment",
                    "key_agreement",
                    "encipher_only",
                    "decipher_only",
                    "digital_signature",
                ],
                False,
            )
            builder = builder.add_extension(
                x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
            )
        else:
            if purpose is not None:
                builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            names = [_alternative(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(signer, hashes.SHA256())
        path = self.folder / f"{name.replace(' ', '-')}-{certificate.serial_number}.pem"
        locked = (
            serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        )
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        public = certificate.public_bytes(serialization.Encoding.PEM)
        path.write_bytes(public if authority else public + private)
        return Signed(certificate, key, str(path))


def as_pkcs12(signed, passphrase, *, chain=(), with_key=True):
    """Return the path of a PKCS#12 file with a certificate, its key and `chain`, locked with `passphrase` (bytes)."""
    content = pkcs12.serialize_key_and_certificates(
        b"console",
        signed.key if with_key else None,
        signed.certificate,
        chain,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )
    path = f"{signed.path}.p12"
    Path(path).write_bytes(content)
    return path


def _alternative(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def server_side(signed, clients_of=None):
    """Return the TLS context of a server; with `clients_of` it asks for a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.path)
    if clients_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients_of.bundle)
    return context
