"""What somebody who runs ``offhook serve`` may choose, and its defaults."""

import ssl
from dataclasses import dataclass

from offhook.base.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All about one server that is not the application's own business. It crosses to workers as it is.

    :param host: a name or an address of this machine; every address of a name is served.
    :param port: 0 picks a free one.
    :param uds: the path of a Unix socket, in place of host and port.
    :param uds_mode: the permissions of that socket; a proxy has to be able to write to it.
    :param ssl_certfile: a certificate chain in PEM; with one, everything is TLS.
    :param ssl_cert_reqs: whether clients show a certificate, in the numbers of ``ssl.VerifyMode``.
    :param hosts: names that a request may ask for in ``Host``, without ports; without any, all of them.
    :param forwarded_allow_ips: whose word about the client's address and scheme is taken: see ``Proxies``.
    :param root_path: where a proxy in front has mounted the application.
    :param drain: seconds from a signal to the end, at most.
    :param compress: whether WebSocket messages are compressed where it saves something (RFC 7692), for those who
        offer it. It costs time: of a message to many once, of what they send each.
    :param access_log: one line for each request and each upgrade.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    uds_mode: int = 0o660
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_keyfile_password: str | None = None
    ssl_ca_certs: str | None = None
    ssl_cert_reqs: int = ssl.CERT_NONE
    ssl_ciphers: str | None = None
    hosts: tuple[str, ...] = ()
    forwarded_allow_ips: tuple[str, ...] = ()
    root_path: str = ""
    drain: float = 10.0
    compress: bool = False
    log_level: str = "info"
    access_log: bool = False

    def tls(self) -> ssl.SSLContext | None:
        """How this server proves who it is; None: it does not.

        :raises UsageError: a file cannot be read, or does not fit the others.
        """
        if self.ssl_certfile is None:
            if self.ssl_keyfile or self.ssl_ca_certs:
                raise UsageError("TLS needs --ssl-certfile")
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # Without a password somebody would be asked for one on the terminal.
            password = self.ssl_keyfile_password or ""
            context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, lambda: password)
            if self.ssl_ca_certs is not None:
                context.load_verify_locations(self.ssl_ca_certs)
            if self.ssl_ciphers is not None:
                context.set_ciphers(self.ssl_ciphers)
        except OSError as error:  # Also what OpenSSL says.
            raise UsageError(f"cannot serve TLS with {self._files()}: {_reason(error)}") from error
        context.verify_mode = ssl.VerifyMode(self.ssl_cert_reqs)
        return context

    def _files(self) -> str:
        files = (self.ssl_certfile, self.ssl_keyfile, self.ssl_ca_certs)
        return ", ".join(file for file in files if file is not None)


def _reason(error: OSError) -> str:
    """OpenSSL names a place in its own source, and for what it cannot read nothing else."""
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", str(error)) or "no PEM, or locked by another password"
        return reason.lower().replace("_", " ")
    return str(error.strerror).lower()
