"""Names, goods and days that cases are made of."""

import datetime
import random

COMPANIES = (
    "Norwick Paper", "Alder & Finch", "Brightwater Tools", "Castor Logistics", "Delmar Foods", "Eastgate Print", "Fairmont Steel",
    "Garland Optics", "Hollis Electric", "Ironbridge Cables", "Juniper Textiles", "Kestrel Pumps", "Larkfield Glass", "Mercer Chemicals",
    "Newland Plastics", "Orchard Seeds", "Pembroke Lighting", "Quarry Stone", "Redwood Timber", "Stanton Motors", "Tarn Software",
    "Ullmann Bearings", "Vale Packaging", "Westcott Marine", "Yarrow Medical",
)  # fmt: skip
FIRST = (
    "Anna", "Boris", "Clara", "David", "Elena", "Frank", "Greta", "Henry", "Irene", "James", "Karin", "Louis", "Maria", "Nora", "Oscar",
    "Paula", "Robert", "Sofia", "Thomas", "Ursula", "Victor", "Wanda",
)  # fmt: skip
LAST = (
    "Abbott", "Brandt", "Costa", "Dubois", "Eriksen", "Ferrari", "Gruber", "Hansen", "Ivanova", "Jensen", "Keller", "Lopez", "Meyer",
    "Novak", "Olsen", "Peters", "Quinn", "Rossi", "Schmidt", "Turner", "Urban", "Vogel", "Weber", "Young",
)  # fmt: skip
GOODS = (
    "Desk lamp", "Office chair", "Filter pump", "Copper wire", "Safety gloves", "Label printer", "Power drill", "Paint roller", "Water hose",
    "Steel bracket", "Wall clock", "Paper shredder", "Tool box", "Extension cord", "Door handle", "Garden rake", "Hand truck", "Cable tie",
    "Step ladder", "Air filter",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
TODAY = datetime.date(2026, 3, 12)
"""The programs' own today."""


def day(chance: random.Random, first: int, last: int) -> datetime.date:
    """A day so many days after TODAY, ends included; negative is before."""
    return TODAY + datetime.timedelta(days=chance.randint(first, last))


def long_date(when: datetime.date) -> str:
    """Like ``14 March 2026``."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def money(cents: int) -> str:
    """Like ``1,482.50``."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def person(chance: random.Random) -> str:
    """First and last name."""
    return f"{chance.choice(FIRST)} {chance.choice(LAST)}"
