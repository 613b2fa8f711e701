"""A small SMTP server on loopback that keeps what it is given, for the tests of everything that sends mail."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


class PostOffice:
    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.sign_ins: list[tuple[str, bool]] = []
        self.offers_tls: ssl.SSLContext | None = None
        self.recipient_answer = "250 ok"
        self.is_silent = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_silent:
            await reader.read()
            return
        sender, recipients = "", list[str]()
        is_secret = writer.get_extra_info("ssl_object") is not None
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.upper().partition(" ")[0]
            answer = "250 ok"
            if verb == "EHLO":
                offers = ["AUTH PLAIN", *(["STARTTLS"] if self.offers_tls and not is_secret else [])]
                answer = "\r\n".join([*(f"250-{offer}" for offer in ["here", *offers]), "250 8BITMIME"])
            elif verb == "STARTTLS" and self.offers_tls:
                writer.write(b"220 go\r\n")
                await writer.start_tls(self.offers_tls)
                is_secret = True
                continue
            elif verb == "AUTH":
                user = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                self.sign_ins.append((":".join(user[1:]), is_secret))
                answer = "235 welcome"
            elif verb == "MAIL":
                sender = line
            elif verb == "RCPT":
                recipients.append(line)
                answer = self.recipient_answer
            elif verb == "DATA":
                writer.write(b"354 go\r\n")
                raw = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                self.mails.append(message_from_bytes(raw, policy=default))
                self.envelopes.append((sender, recipients))
            elif verb == "QUIT":
                answer = "221 bye"
            writer.write(f"{answer}\r\n".encode())


@asynccontextmanager
async def post_office(tls: ssl.SSLContext | None = None) -> AsyncIterator[PostOffice]:
    """Open for the length of the test; `tls` means from the first byte."""
    made = PostOffice()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
