"""Writes weft/accounts/breached.txt.gz, the passwords nobody may choose because guessers try them first.
The list is our own: well-known choices plus the ways in which people stretch a word to eight characters.
Run it from the repository root after changing the words: `python scripts/make_breached_list.py`.
"""

import gzip
import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path

TARGET = Path("weft/accounts/breached.txt.gz")
MIN_LENGTH = 8
MAX_ENTRIES = 12_000

# The order is the order of guessing: earlier words keep more of their endings when the list is cut.
WORD_TEXT = """
password passwort passw0rd p@ssword p@ssw0rd pa55word pass admin administrator root user guest test welcome login
qwerty qwertz azerty letmein iloveyou monkey dragon football baseball basketball soccer hockey master superman batman
spiderman sunshine princess shadow michael jordan jennifer thomas robert daniel andrew joshua matthew anthony
charlie william george ashley jessica amanda nicole michelle samantha elizabeth hannah sophie olivia emma lauren
maria anna sarah laura julia david james john peter paul mark kevin brian jason justin brandon tyler hunter ranger
buster ginger pepper cookie cheese banana orange summer winter spring autumn monday friday january february march
april june july august september october november december freedom whatever trustno1 starwars pokemon naruto minecraft
roblox fortnite computer internet server network system windows linux apple google facebook instagram twitter threads
samsung android iphone secret changeme default temp temporary hello hello1 killer hacker ninja mustang ferrari porsche
mercedes corvette harley yamaha toyota honda chelsea arsenal liverpool manchester united barcelona realmadrid juventus
madrid london paris berlin vietnam hanoi saigon korea seoul tokyo japan china america canada australia germany france
england ireland scotland angel angels baby babygirl lovely loveme lover love forever heaven flower butterfly rainbow
diamond purple yellow silver golden black white green blue red matrix phoenix tiger lion eagle falcon panther wolf
dolphin snoopy scooby mickey mouse garfield tigger winnie peanut chocolate coffee pizza music guitar rock metal
money dollar gold rich lucky winner champion player gamer gaming games hockey1 tennis golf fishing racing speed
zxcvbn zxcvbnm asdf asdfgh asdfghjkl qazwsx qwertyuiop poiuytrewq abc abcd abcdef access control office company
business manager support service sales marketing finance student teacher school college university library
jesus christ god church bible faith blessed amen hope grace family mother father brother sister daddy mommy
matkhau anhyeuem emyeuanh yeuem nguyen tran minh hoang phuong linh khong conheo meocon anhiuem khongbiet
sarang saranghae dkssud dkssudgktpdy rkskek qlqjs bimil korea1 daehan minguk gksrnr
juan jose carlos luis pedro miguel antonio manuel francisco javier alejandro contrasena hola teamo amor estrella
senha brasil flamengo corinthians palmeiras motdepasse bonjour soleil doudou chouchou loulou azertyuiop
hallo schatz passwort1 sommer ficken geheim fussball ciao amore juventus1 napoli roma milano parola natasha
marina svetlana privet parol qwe zaq xsw weft mastodon fediverse
"""

PLAIN_TEXT = """
12345678 123456789 1234567890 12345678910 0123456789 987654321 9876543210 87654321 11223344 1122334455 123123123
123321123 12344321 123454321 12341234 1234554321 147258369 147852369 159357159 741852963 789456123 963852741
10203040 102030405060 13579246 24681012 11112222 12121212 13131313 19191919 20202020 21212121 23232323 69696969
77778888 88889999 01012000 01011990 01011980 31121999 abcd1234 abc12345 abc123456 a1b2c3d4 a1b2c3d4e5 a12345678
a123456789 aa123456 aa12345678 as123456 asd12345 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
1qaz2wsx 1qaz2wsx3edc 1qazxsw2 2wsx3edc qaz123456 qazwsxedc qazwsxedcrfv zaq12wsx zaq1zaq1 zaq1xsw2 !qaz2wsx
qwer1234 qwerasdf qwerasdfzxcv qweasdzxc qweqweqwe asdasdasd asdfasdf asdfqwer asdf1234 asdfghjk asdfghjkl; zxcvbnm1
zxcasdqwe qwertyui qwertyuio qwertyuiop[] 1234qwer 123qweasd 123qweasdzxc 123456qwerty qwerty123456 123456abc
123456aa 12345qwert 1234abcd 123abc123 12qwaszx zxcvbnm,./ poiuytre lkjhgfdsa mnbvcxz1 mnbvcxzlkjhgfdsapoiuytrewq
iloveyou1 iloveyou2 iloveyou! iloveyou123 loveyou1 ilovegod ilovejesus ilovemom ilovemyself trustno1 trustnoone
letmein1 letmein123 letmeinnow openup123 opensesame changeme1 changeme123 changeit welcome1 welcome123 welcome2weft
password password1 password! password12 password123 password1234 password12345 password1! p@ssw0rd1 p@ssw0rd123
p@$$w0rd p@$$word pa$$word pa$$w0rd passw0rd1 passw0rd! passpass passphrase mypassword nopassword thepassword
passwordpassword newpassword oldpassword yourpassword ourpassword password00 password01 password02 password99
administrator admin123 admin1234 admin12345 admin123456 adminadmin admin@123 root1234 rootroot toor1234 test1234
test12345 testtest testing1 testing123 test1test guest123 user1234 username demo1234 demodemo example1 letmelogin
superman1 batman123 spiderman1 starwars1 darkside dragonball pokemon1 pikachu1 charizard gandalf1 lordoftherings
harrypotter hogwarts gryffindor slytherin voldemort ironman1 captain1 avengers deadpool wolverine godzilla terminator
matrix123 neverland wonderland cinderella snowwhite sleepingbeauty tinkerbell rapunzel littlemermaid
football1 baseball1 basketball1 softball volleyball cheerleader quarterback steelers cowboys1 packers1 patriots
redskins lakers24 yankees1 redsox04 manutd99 manchester1 liverpool1 chelsea1 arsenal1 barcelona1 realmadrid1
jordan23 michael1 jennifer1 jessica1 ashley12 anthony1 nicholas jonathan benjamin alexander alexandra christopher
christian christine katherine stephanie elizabeth1 veronica valentina francesca alejandra fernando gabriel1 sebastian
samantha1 danielle1 rebecca1 victoria victoria1 caroline charlotte brittany courtney patricia margaret
sunshine sunshine1 princess princess1 butterfly1 rainbow1 snowball snowflake blueberry strawberry raspberry blackberry
cupcake1 chocolate1 cheesecake buttercup sweetheart sweetpea babygirl1 babyboy1 precious beautiful gorgeous
loverboy lovebird heartbreak blackcat blackdog whitewolf redwings bluebird greenday slipknot metallica metallica1
nirvana1 ironmaiden acdcacdc blink182 linkinpark eminem12 beatles1 rockstar rocknroll rammstein
computer computer1 internet1 internet2 microsoft windows10 windows11 macintosh playstation playstation4 nintendo
xbox360x gameboy1 counterstrike worldofwarcraft leagueoflegends minecraft1 fortnite1 callofduty
babylon5 startrek enterprise ncc1701d trustme1 blahblah blahblah1 whatever1 nothing1 something everything
fuckyou1 fuckyou2 fuckoff1 fuckyou! asshole1 bullshit motherfucker biteme12 bigdaddy bigboobs
bond007b jamesbond jamesbond007 agent007 security security1 secret123 secretpassword topsecret private1
mustang1 corvette1 ferrari1 mercedes1 porsche911 kawasaki harleydavidson chevrolet cadillac
november11 december25 summer99 winter99 jesuschrist jesus123 jesusislord jesussaves godisgood godislove
anhyeuem1 anhyeuem123 emyeuanh123 matkhau1 matkhau123 matkhau12 vietnam1 vietnam123 hanoi123 saigon123 nguyen123
khongcopass khongcomatkhau toiyeuban toiyeuvietnam maiyeuem mothaiba motconvit
saranghae1 saranghaeyo dkssud12 dkssudgktpdy1 qlalfqjsgh qlalfqjsgh1 gksrnrdls tkfkdgo1 tkfkdgody alfkdqjs123
contraseña contrasena1 contrasena123 teamo123 tequiero tequiero1 estrella1 barcelona10 motdepasse1 motdepasse123
azerty123 azertyuiop1 passwort123 passwort12 hallo123 hallohallo schalke04 geheim123 ficken123 senha123 senha1234
correcthorsebatterystaple correct horse battery staple thisismypassword thisisapassword
"""

ENDINGS = [
    "",
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "!",
    "1!",
    "123!",
    "@123",
    "01",
    "11",
    "00",
    "007",
    "69",
    "99",
]
WORDS = WORD_TEXT.split()
PLAIN = PLAIN_TEXT.split()
YEARS = [str(year) for year in [*range(2030, 2014, -1), 2000, 1999, 1990, 1988, 1985]]
DIGITS = "0123456789"


def entries() -> Iterator[str]:
    yield from PLAIN
    yield from repeats()
    yield from runs()
    yield from (word + ending for ending, word in product(ENDINGS, WORDS))
    yield from (word + word for word in WORDS if len(word) < MIN_LENGTH)
    yield from (word + year for year, word in product(YEARS, WORDS))
    yield from (start + word for start, word in product(["1", "123", "my", "the", "ilove"], WORDS))


def repeats() -> Iterator[str]:
    """One, two or four characters again and again."""
    for sign in DIGITS + "abcdefghijklmnopqrstuvwxyz*.!?-":
        yield from (sign * length for length in range(MIN_LENGTH, 17))
    for pair in product(DIGITS, DIGITS):
        yield "".join(pair) * 4
    for year in range(1950, 2031):
        yield f"{year}{year}"


def runs() -> Iterator[str]:
    """Neighbours on a keyboard or in the alphabet, both ways."""
    rows = [
        "1234567890",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "azertyuiop",
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890",
    ]
    for row in [*rows, *(row[::-1] for row in rows)]:
        line = row + row
        for length in range(MIN_LENGTH, 13):
            yield from (line[start : start + length] for start in range(len(row)))


def chosen() -> list[str]:
    known: dict[str, None] = {}
    for entry in entries():
        folded = unicodedata.normalize("NFC", entry).casefold()
        if len(folded) >= MIN_LENGTH:
            known[folded] = None
    return sorted(list(known)[:MAX_ENTRIES])


if __name__ == "__main__":
    text = "\n".join(["", *chosen(), ""])
    # No time stamp inside: the same words give the same file.
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
