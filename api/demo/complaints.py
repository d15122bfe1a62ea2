"""Invented complaints: people, words, products and channels, drawn from a seed so that every demo looks the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from api.complaints.intake import NewComplaint, PartyDetails
from api.demo.play import Role
from api.demo.staff import Wish

FIRST = (
    "Amara",
    "Ben",
    "Chloe",
    "Dev",
    "Elin",
    "Femi",
    "Grace",
    "Hamish",
    "Ida",
    "Jonas",
    "Kofi",
    "Leonie",
    "Marek",
    "Nadia",
    "Owen",
    "Priya",
    "Rosa",
    "Stefan",
    "Tomas",
    "Una",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zoe",
)
LAST = (
    "Abbott",
    "Barlow",
    "Chaudhry",
    "Dunne",
    "Ekström",
    "Farrell",
    "Grover",
    "Holt",
    "Ibekwe",
    "Jarvis",
    "Kowalski",
    "Lowe",
    "Mistry",
    "Novak",
    "O'Brien",
    "Parry",
    "Quigley",
    "Rahman",
    "Sørensen",
    "Thorne",
    "Usher",
    "Vance",
    "Whelan",
    "Young",
)


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of complaint: what is said, what it is about, and how it tends to end."""

    words: str
    product: str
    problem: str
    wants: str
    outcome: str
    remedy: str
    amount: int = 0
    departments: tuple[str, ...] = ()
    significant: bool = False


STORIES = (
    Story(
        "I ordered a washing machine and it never arrived. The shop says it was delivered to somebody called Dave. I do not "
        "know any Dave. I have called four times and each time I was promised a call back.",
        "goods",
        "provision",
        "Deliver the machine or give me my money back",
        "upheld",
        "refund",
        429,
        ("department-sales",),
    ),
    Story(
        "You charged me twice for the same bill in March. I sent you my bank statement and heard nothing.",
        "bill",
        "price",
        "Give back the second payment",
        "upheld",
        "refund",
        84,
        ("department-billing",),
    ),
    Story(
        "The engineer came two hours late, walked through the house in wet boots and left without finishing. He laughed when "
        "I asked for his name.",
        "service",
        "conduct",
        "An apology, and somebody who finishes the work",
        "partly_upheld",
        "put_right",
        0,
        ("department-field-service",),
    ),
    Story(
        "My contract says 24.90 a month. I pay 31.50 since June and nobody can tell me why.",
        "bill",
        "contract",
        "Charge what the contract says",
        "upheld",
        "contract",
        39,
        ("department-billing", "department-sales"),
    ),
    Story(
        "I could not log in to my account for nine days. The help page sends me in circles.",
        "account",
        "quality",
        "Access to my account",
        "upheld",
        "goodwill",
        25,
        ("department-it",),
    ),
    Story(
        "The man in the shop told me the phone works abroad. It does not. I was stuck in Lisbon without a map.",
        "goods",
        "selling",
        "Take the phone back",
        "partly_upheld",
        "goodwill",
        40,
        ("department-sales",),
    ),
    Story(
        "The boiler you installed leaked gas. The fire brigade had to come and my neighbour was taken to hospital. Other "
        "houses in our street have the same boiler.",
        "service",
        "safety",
        "Check every boiler of this kind",
        "upheld",
        "put_right",
        0,
        ("department-field-service",),
        significant=True,
    ),
    Story(
        "I asked you to cancel in writing in April. You still take money every month.",
        "bill",
        "contract",
        "Cancel it and pay back May to August",
        "upheld",
        "refund",
        96,
        ("department-billing",),
    ),
    Story(
        "Your letter about my debt went to my sister's address, opened. That is my private business.",
        "account",
        "privacy",
        "Tell me how this could happen",
        "upheld",
        "distress",
        150,
        ("department-it",),
    ),
    Story(
        "I waited forty minutes on the phone and was cut off. Twice.",
        "service",
        "provision",
        "Answer the phone",
        "not_upheld",
        "words",
    ),
    Story(
        "The insurance pays only half of what the repair costs. The assessor never looked at the back of the car.",
        "insurance",
        "claims",
        "Look at the damage again",
        "not_upheld",
        "words",
    ),
    Story(
        "You refused me the student tariff although I sent the certificate.",
        "bill",
        "refusal",
        "Give me the tariff",
        "upheld",
        "contract",
        18,
        ("department-sales",),
    ),
    Story(
        "My complaint of last year was closed without an answer.",
        "other",
        "handling",
        "Answer it this time",
        "upheld",
        "words",
    ),
    Story(
        "The new meter shows twice what we used before, with nobody at home for two weeks.",
        "bill",
        "quality",
        "Check the meter",
        "not_upheld",
        "none",
    ),
)
CHANNELS = ("web",) * 11 + ("phone",) * 5 + ("e-mail",) * 5 + ("post",) * 2 + ("in-person", "social")


def invented(
    number: int, *, first_day: datetime, days: int, zone: ZoneInfo, seed: int = 2026
) -> Iterator[tuple[NewComplaint, Role]]:
    """Yield ``number`` complaints in order of receipt over ``days`` from ``first_day``, each with how it is played.

    Among them are some that stay undone at every stage, some disputed, late, anonymous or out of scope.
    """
    draw = Random(seed)  # noqa: S311  (a demo, not a secret)
    moments = sorted(
        datetime.combine(
            first_day.date() + timedelta(days=draw.randrange(days)),
            time(draw.randrange(7, 21), draw.randrange(60)),
            zone,
        )
        for _ in range(number)
    )
    for index, received_at in enumerate(moments):
        story = draw.choice(STORIES)
        yield _complaint(story, draw, received_at), _role(story, draw, ripe=index < number * 0.72)


def _complaint(story: Story, draw: Random, received_at: datetime) -> NewComplaint:
    first, last = draw.choice(FIRST), draw.choice(LAST)
    anonymous = draw.random() < 0.04
    plain = f"{first}.{last}".lower().replace("'", "").replace("ø", "o").replace("ö", "o")
    channel = draw.choice(CHANNELS)
    party = PartyDetails(
        name=f"{first} {last}",
        email=f"{plain}@mail.example" if draw.random() < 0.85 else None,
        phone=f"07700 900{draw.randrange(1000):03d}",
        address=f"{draw.randrange(1, 180)} Mill Lane\nNorthfield NF{draw.randrange(1, 9)} {draw.randrange(1, 9)}QT",
        preferred_channel="post" if channel == "post" else "e-mail",
    )
    return NewComplaint(
        channel=channel,
        received_at=received_at,
        description=story.words,
        complainant=None if anonymous else party,
        occurred_on=received_at.date() - timedelta(days=draw.randrange(1, 40)),
        product=story.product,
        problem=story.problem,
        desired_remedy=story.wants,
        source="demo",
        source_key=f"demo-{draw.getrandbits(64):016x}",
    )


def _role(story: Story, draw: Random, *, ripe: bool) -> Role:
    """Return how the complaint is played; unripe ones are left somewhere on their way."""
    early = story.remedy in ("words", "goodwill") and draw.random() < 0.6
    leave = frozenset[str]() if ripe else frozenset({draw.choice(STAGES)})
    accepts = draw.choices((True, False, None), weights=(78, 12, 10))[0]
    scope = draw.choices(("in_scope", "not_ours", "enquiry"), weights=(94, 3, 3))[0]
    wish = Wish(
        outcome=story.outcome,
        remedy=story.remedy,
        amount=story.amount,
        early=early,
        significant=story.significant,
        exit=scope,
        problem=story.problem,
        accepts=accepts,
        departments=story.departments if draw.random() < 0.5 else (),
        stop_before=leave,
    )
    slow = draw.random() < 0.08
    return Role(
        wish,
        first_visit=timedelta(days=32 if slow else 0, hours=draw.randrange(2, 40)),
        between=timedelta(days=draw.randrange(2, 5)),
    )


STAGES = (
    "screen-scope",
    "assess",
    "confirm-assessment",
    "plan-investigation",
    "contribute",
    "examine-evidence",
    "record-finding",
    "draft-answer",
    "check-quality",
    "approve-decision",
    "carry-out",
    "verify-correction",
    "settle-early",
    "review-afresh",
)
