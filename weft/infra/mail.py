"""Mail to people, by the one SMTP server that the operator configured (`WEFT_SMTP`).
Without one the text goes to the log, so that the operator of a fresh install can read a confirmation link there.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid
from functools import partial
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import msgspec
import structlog

from weft.infra.gate import Gate
from weft.infra.http import system_trust
from weft.infra.targets import ascii_name
from weft.kernel.clock import Clock
from weft.kernel.errors import Invalid, Unavailable

if TYPE_CHECKING:
    import smtplib

log = structlog.get_logger(__name__)

STEP_S = 10.0
DEADLINE_S = 60.0
THREADS, QUEUE = 2, 64
MAX_ADDRESS, MAX_LOCAL, MAX_SUBJECT = 254, 64, 200

LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

Encryption = Literal["offered", "required", "always"]
# The scheme says when TLS starts: if the server offers it, or by command in any case, or from the first byte.
SCHEMES: dict[str, tuple[Encryption, int]] = {
    "smtp": ("offered", 587),
    "smtp+starttls": ("required", 587),
    "smtps": ("always", 465),
}


class Mail(msgspec.Struct, frozen=True):
    to: str
    subject: str
    text: str


class SmtpServer(msgspec.Struct, frozen=True):
    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = ""

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Mailer:
    """Sends mail. `fault` is called with `host:port` before each mail; drills let it raise.

    Args:
        smtp: `smtp://`, `smtp+starttls://` or `smtps://` with `user:password@host:port`; empty for the log.
        sender: what stands in From, `Name <address>` or the address alone.
        tls: for tests that have an authority of their own.
    """

    def __init__(
        self,
        smtp: str,
        sender: str,
        clock: Clock,
        fault: Callable[[str], None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = parse_server(smtp) if smtp else None
        self._sender = parse_sender(sender)
        self._clock = clock
        self._fault = fault
        self._tls = tls
        self._gate = Gate(THREADS, QUEUE)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    async def send(self, mail: Mail) -> None:
        """Hand the mail to the server.

        Raises:
            Invalid: no such address can be written to (`mail.address`), or the server says so (`mail.refused`).
            Unavailable: the server cannot be used now (`mail.failed`); the same mail may be tried again.
        """
        message = self._compose(mail)
        if self._server is None:
            # Not `text`, which never reaches the log: without a mail server the operator reads the link here.
            log.warning("mail.not_configured", subject=message["subject"], letter=mail.text)
            return
        if self._fault is not None:
            self._fault(f"{self._server.host}:{self._server.port}")
        async with self._gate:
            sending = asyncio.get_running_loop().run_in_executor(
                self._pool, partial(self._deliver, self._server, message)
            )
            try:
                await asyncio.wait_for(sending, DEADLINE_S)
            except TimeoutError:
                raise Unavailable("mail.failed") from None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _compose(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self._sender
        message["To"] = Address(addr_spec=check_address(mail.to))
        message["Subject"] = CONTROL.sub(" ", mail.subject)[:MAX_SUBJECT]
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = make_msgid(domain=self._sender.domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, charset="utf-8")
        return message

    def _deliver(self, server: SmtpServer, message: EmailMessage) -> None:
        # Imported at the first mail, to keep an idle server small.
        import smtplib

        try:
            with self._connect(server) as connection:
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if all(code >= 500 for code in codes):
                raise Invalid("mail.refused", field="email") from None
            raise Unavailable("mail.failed") from None
        except (smtplib.SMTPException, OSError) as error:
            # The server's words may hold the address, so only the kind of failure is kept.
            log.warning("mail.failed", host=server.host, kind=type(error).__name__)
            raise Unavailable("mail.failed") from None

    def _connect(self, server: SmtpServer) -> "smtplib.SMTP":
        import smtplib

        name = self._sender.domain
        if server.encryption == "always":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=STEP_S, context=self._tls or system_trust()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, name, timeout=STEP_S)
        try:
            self._secure(connection, server)
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
        return connection

    def _secure(self, connection: "smtplib.SMTP", server: SmtpServer) -> None:
        """Start TLS and sign in. Without TLS a password is only said to this machine."""
        import smtplib

        connection.ehlo_or_helo_if_needed()
        is_secret = server.encryption == "always"
        if not is_secret and (server.encryption == "required" or connection.has_extn("starttls")):
            connection.starttls(context=self._tls or system_trust())
            is_secret = True
        if not server.user:
            return
        if not is_secret and not server.is_loopback:
            raise smtplib.SMTPNotSupportedError("the password would be readable on the way")
        connection.login(server.user, server.password)


def check_address(text: str) -> str:
    """The address as mail servers take it, or a refusal."""
    local, _, domain = text.rpartition("@")
    if len(text) > MAX_ADDRESS or len(local) > MAX_LOCAL or not LOCAL_PART.fullmatch(local):
        raise Invalid("mail.address", field="email")
    try:
        domain = ascii_name(domain)
    except ValueError:
        raise Invalid("mail.address", field="email") from None
    if not DOMAIN.fullmatch(domain):
        raise Invalid("mail.address", field="email")
    return f"{local}@{domain}"


def default_sender(domain: str) -> str:
    """Who mail comes from where the operator named nobody; the domain may carry a port or be a bare address."""
    try:
        return check_address(f"weft@{domain.rpartition(':')[0] or domain}")
    except Invalid:
        return "weft@localhost"


def parse_sender(text: str) -> Address:
    """`Name <address>` or the address alone."""
    name, bracket, rest = text.strip().rpartition("<")
    spec = rest.removesuffix(">") if bracket else text.strip()
    return Address(display_name=CONTROL.sub(" ", name).strip(' "'), addr_spec=check_address(spec.strip()))


def parse_server(url: str) -> SmtpServer:
    """
    Raises:
        ValueError: not a URL of a mail server. It does not repeat the URL, which may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("the mail server must be smtp://, smtp+starttls:// or smtps:// and a host")
    encryption, port = SCHEMES[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname, parts.port or port, encryption, user, password)
