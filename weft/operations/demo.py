"""`weft up --demo`: fills an empty community with people and posts to look at, as an app would, through the client API.

The server is started as always; a second process waits until it answers, fills it and ends. What it posted of the
articles is noted in ``DIR/demo.json``, so that the threads can be put together again byte for byte.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec
from mastodon import Mastodon, MastodonError

import weft
from weft.infra.db import Db
from weft.kernel.text.split import Piece, split_thread
from weft.operations import accounts
from weft.operations.reach import CommandFailed, work_at
from weft.operations.serve import FirstLines
from weft.settings import Settings

NOTES = "demo.json"
LIMIT = 500
PATIENCE_S = 90.0
ARTICLES = Path(weft.__file__).parents[2] / "shared" / "data" / "articles"
OWN_ARTICLE = """A network of one's own

A town square belongs to the town. This one runs on a machine that the people who meet here own: the posts, the
pictures and the list of who follows whom lie in one folder, and a backup is one file.

Nobody sells what you read. The timeline is what the people you follow wrote, newest first, and it ends.

Any Mastodon app can be the door: point it at this address and sign in.
"""

PEOPLE: Final = (
    ("mai", "Mai Lê", "Reads long articles so that you may read the thread. Hà Nội."),
    ("jun", "김준", "산책과 커피, 그리고 오래된 지도."),
    ("ada", "Ada Miller", "Repairs bicycles and radios."),
    ("binh", "Bình Trần", "Chụp ảnh cây cầu mỗi sáng."),
    ("nora", "Nora Beck", "Librarian. Asks before she answers."),
)
ACCOUNTS_EXIST = "SELECT EXISTS (SELECT 1 FROM accounts)  -- all buckets: a command"


class Person(msgspec.Struct):
    name: str
    password: str
    token: str


class Told(msgspec.Struct):
    """What the server's process tells the filling one."""

    settings: Settings
    url: str


class Thread(msgspec.Struct):
    """One article as it was posted: joining lead, texts and separators gives the file."""

    file: str
    author: str
    lead: str
    post_ids: list[str]
    separators: list[str]


class Demo:
    """Starts the filling process once the server has its port, and ends it with the server."""

    def __init__(self, settings: Settings) -> None:
        self._filled = (settings.folder / NOTES).exists()
        self._process: subprocess.Popen[bytes] | None = None

    def first_lines(self, lines: FirstLines) -> FirstLines:
        def with_demo(settings: Settings, url: str) -> list[str]:
            if not self._filled:
                self._start(Told(settings, url))
            return list(lines(settings, url))

        return with_demo

    def _start(self, told: Told) -> None:
        program = [sys.executable, "-c", "from weft.operations.demo import main; main()"]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(told))
        self._process.stdin.close()

    def __enter__(self) -> Demo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(5)


def main() -> None:
    """The filling process: a fault here leaves the server alone."""
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=Told)
    try:
        fill(told.settings, told.url)
    except (CommandFailed, MastodonError) as error:
        print(f"The demo could not be filled: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def fill(settings: Settings, url: str) -> None:
    """Make the people, then let them write what a community writes."""
    people = asyncio.run(work_at(url, settings, create_people))
    if not people:
        print("This community has accounts already; the demo fills only an empty one.", flush=True)
        return
    near = local_url(settings)
    _wait_until_ready(near)
    print("People of the demo, with passwords that are shown only now:", flush=True)
    for person in people:
        print(f"  {person.name:<6} {person.password}", flush=True)
    threads = Community(near, people).write(_articles())
    (settings.folder / NOTES).write_bytes(msgspec.json.format(msgspec.json.encode({"threads": threads})))
    print(f"The demo is filled: {settings.url}/", flush=True)


async def create_people(db: Db) -> list[Person]:
    """The demo's accounts; none where somebody is here already."""
    async with db.read() as reader:
        if await reader.value(ACCOUNTS_EXIST):
            return []
    made = [await accounts.create(db, accounts.Wanted(name=name)) for name, _, _ in PEOPLE]
    names = [name for name, _, _ in PEOPLE]
    tokens = msgspec.convert((await accounts.create_tokens(db, names, "read write follow"))["tokens"], dict[str, str])
    return [Person(name, str(one["password"]), tokens[name]) for name, one in zip(names, made, strict=True)]


def local_url(settings: Settings) -> str:
    """The server's door on this machine; people outside may use another one."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _wait_until_ready(url: str) -> None:
    client = Mastodon(api_base_url=url, version_check_mode="none", request_timeout=5)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            client.instance()
            return
        except MastodonError as error:
            if time.monotonic() > deadline:
                raise CommandFailed(f"{url} does not answer: {error}") from None
            time.sleep(0.1)


def _articles() -> list[tuple[str, str]]:
    """The articles that lie beside the sources, as name and text; a short one of our own where there are none."""
    found = sorted(ARTICLES.glob("*.txt")) if ARTICLES.is_dir() else []
    texts = [(path.name, path.read_bytes().decode()) for path in found]
    return texts or [("own.en.txt", OWN_ARTICLE)]


class Community:
    """The people at their apps."""

    def __init__(self, url: str, people: list[Person]) -> None:
        self._clients = {
            person.name: Mastodon(api_base_url=url, access_token=person.token, version_check_mode="none")
            for person in people
        }

    def write(self, articles: list[tuple[str, str]]) -> list[Thread]:
        self._introduce()
        threads = [self._post_article(name, text) for name, text in articles]
        self._react([thread.post_ids for thread in threads])
        self._chat()
        return threads

    def _introduce(self) -> None:
        """Names, bios, and everybody follows everybody."""
        ids = {}
        for name, display_name, bio in PEOPLE:
            ids[name] = self._clients[name].account_update_credentials(display_name=display_name, note=bio).id
        for name, client in self._clients.items():
            for other, id_ in ids.items():
                if other != name:
                    client.account_follow(id_)

    def _post_article(self, name: str, text: str) -> Thread:
        """One thread; each post answers the one before."""
        pieces: list[Piece] = split_thread(text, LIMIT)
        language = name.split(".")[-2]
        ids: list[str] = []
        for piece in pieces:
            post = self._clients["mai"].status_post(
                piece.text, in_reply_to_id=ids[-1] if ids else None, language=language
            )
            ids.append(str(post.id))
        return Thread(
            file=name,
            author="mai",
            lead=pieces[0].lead if pieces else "",
            post_ids=ids,
            separators=[piece.separator for piece in pieces],
        )

    def _react(self, threads: list[list[str]]) -> None:
        """Others like, answer, repost and quote."""
        others = [name for name in self._clients if name != "mai"]
        words = {
            "jun": "@mai 잘 읽었어요. 숫자를 한눈에 보니 이해가 되네요.",
            "ada": "@mai Thank you for putting this into a thread. The second half surprised me.",
            "binh": "@mai Cảm ơn Mai, mình đọc một mạch hết cả chuỗi bài.",
            "nora": "@mai Where can one read the figures for the years before?",
        }
        for number, ids in enumerate(threads):
            first, middle = ids[0], ids[len(ids) // 2]
            for name in others:
                self._clients[name].status_favourite(first)
            for name in others[number % 2 :: 2]:
                self._clients[name].status_post(words[name], in_reply_to_id=ids[-1])
                self._clients[name].status_favourite(middle)
            self._clients[others[number % len(others)]].status_reblog(first)
            quoter = others[(number + 1) % len(others)]
            self._clients[quoter].status_post(
                "This part is the one to read first.", quoted_status_id=middle, language="en"
            )
        answer = self._clients["mai"].status_post(
            "@nora The reports of every quarter are public; I will post a list. #books", in_reply_to_id=threads[-1][-1]
        )
        self._clients["nora"].status_bookmark(answer.id)

    def _chat(self) -> None:
        """What else people do: pictures, questions, lists."""
        ada, binh, jun, nora = (self._clients[name] for name in ("ada", "binh", "jun", "nora"))
        picture = binh.media_post(io.BytesIO(draw_bridge()), "image/png", description=BRIDGE_WORDS, synchronous=True)
        binh.status_post("Sáng nay trên cầu, sương chưa tan. #nhiếpảnh", media_ids=[picture.id], language="vi")
        poll = ada.make_poll(["On foot", "By bicycle", "By bus"], expires_in=7 * 86_400)
        asked = ada.status_post("How do you come to the market on Saturdays? #weekend", poll=poll, language="en")
        jun.poll_vote(asked.poll.id, [0])
        nora.poll_vote(asked.poll.id, [1])
        walk = jun.status_post("호수를 따라 걷다가 오래된 지도를 파는 가게를 찾았어요. #산책", language="ko")
        nora.status_post("@jun Did they have one of the harbour?", in_reply_to_id=walk.id, language="en")
        ada.status_favourite(walk.id)
        nora.status_post("Spoilers for chapter nine are below.", spoiler_text="The lighthouse book", language="en")
        readers = nora.list_create("Readers")
        nora.list_accounts_add(readers.id, [nora.account_lookup(name).id for name in ("mai", "jun")])


BRIDGE_WORDS: Final = "A drawn bridge over a river at dawn: three arches, mist, and a low orange sun."


def draw_bridge() -> bytes:
    """A picture of our own, so that none has to be carried along."""
    from PIL import Image, ImageDraw

    width, height = 1200, 800
    image = Image.linear_gradient("L").resize((width, height))
    sky = Image.merge("RGB", (image.point(lambda v: 255 - v // 4), image.point(lambda v: 150 + v // 4), image))
    draw = ImageDraw.Draw(sky)
    draw.ellipse((820, 330, 980, 490), fill=(255, 196, 96))
    draw.rectangle((0, 560, width, height), fill=(96, 128, 156))
    draw.rectangle((0, 420, width, 470), fill=(70, 62, 70))
    for left in (60, 440, 820):
        draw.rectangle((left - 40, 470, left, 640), fill=(70, 62, 70))
        draw.arc((left, 470, left + 340, 760), 180, 360, fill=(70, 62, 70), width=36)
    for row in range(580, height, 36):
        draw.line((0, row, width, row + 6), fill=(120, 152, 178), width=3)
    out = io.BytesIO()
    sky.save(out, "PNG")
    return out.getvalue()
