"""Long texts that the demo posts as threads, and how a thread is put together again byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

import weft
from weft.kernel.text.split import Piece, split_thread
from weft.operations.demo.talk import Line

ARTICLES: Final = Path(weft.__file__).parents[2] / "shared" / "data" / "articles"
AUTHOR: Final = "mai"
LIMIT: Final = 500
OLDEST_S: Final = 3 * 86_400
FANS: Final = ("jun", "ada", "binh", "nora")
OWN_ARTICLE: Final = """A network of one's own

A town square belongs to the town. This one runs on a machine that the people who meet here own: the posts, the
pictures and the list of who follows whom lie in one folder, and a backup is one file.

Nobody sells what you read. The timeline is what the people you follow wrote, newest first, and it ends.

Any Mastodon app can be the door: point it at this address and sign in.
"""
WORDS: Final = {
    "jun": ("ko", "@mai 잘 읽었어요. 숫자를 한눈에 보니 이해가 되네요."),
    "ada": ("en", "@mai Thank you for putting this into a thread. The second half surprised me."),
    "binh": ("vi", "@mai Cảm ơn Mai, mình đọc một mạch hết cả chuỗi bài."),
    "nora": ("en", "@mai Where can one read the figures for the years before?"),
}


class Thread(msgspec.Struct):
    """One article as it was posted: joining lead, texts and separators gives the file."""

    file: str
    author: str
    lead: str
    post_ids: list[str]
    separators: list[str]


class Article(msgspec.Struct):
    file: str
    pieces: list[Piece]

    def key(self, number: int) -> str:
        return f"{self.file}#{number}"

    def thread(self, ids: dict[str, str]) -> Thread:
        """As it was posted, given the ids of all posts by their key."""
        return Thread(
            file=self.file,
            author=AUTHOR,
            lead=self.pieces[0].lead if self.pieces else "",
            post_ids=[ids[self.key(number)] for number in range(len(self.pieces))],
            separators=[piece.separator for piece in self.pieces],
        )


def load_articles() -> list[Article]:
    """The articles that lie beside the sources; a short one of our own where there are none."""
    found = sorted(ARTICLES.glob("*.txt")) if ARTICLES.is_dir() else []
    texts = [(path.name, path.read_bytes().decode()) for path in found] or [("own.en.txt", OWN_ARTICLE)]
    return [Article(name, split_thread(text, LIMIT)) for name, text in texts]


def lines_of(articles: list[Article]) -> list[Line]:
    """The threads as posts, each answering the one before, and what others say of them."""
    lines: list[Line] = []
    for number, article in enumerate(articles):
        language = article.file.split(".")[-2]
        ago = OLDEST_S - number * 7_200
        last = len(article.pieces) - 1
        for at, piece in enumerate(article.pieces):
            parent = article.key(at - 1) if at else ""
            line = Line(key=article.key(at), by=AUTHOR, ago_s=ago - at * 20, language=language, text=piece.text)
            line.parent = parent
            lines.append(line)
        for at, name in enumerate(FANS[number % 2 :: 2]):
            tongue, words = WORDS[name]
            reply = Line(
                key=f"{article.file}/{name}",
                by=name,
                ago_s=ago - last * 20 - 900 - at * 400,
                language=tongue,
                text=words,
            )
            reply.parent = article.key(last)
            lines.append(reply)
        quoter = FANS[(number + 1) % len(FANS)]
        words = "This part is the one to read first."
        quote = Line(key=f"{article.file}/quote", by=quoter, ago_s=ago - last * 20 - 2_400, language="en", text=words)
        quote.quote = article.key(len(article.pieces) // 2)
        lines.append(quote)
    return lines
