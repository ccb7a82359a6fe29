"""Invented names and addresses: of companies, plant sites and towns; nothing of it exists."""

from dataclasses import dataclass
from typing import Any

from sextant_client.world.chance import Chance

_FIRST = ("Alm", "Ber", "Cor", "Dal", "Eld", "Fer", "Gar", "Hel", "Ind", "Jor", "Kal", "Lun")
_MORE = ("Mar", "Nor", "Or", "Pel", "Quin", "Ros", "Sel", "Tor", "Ulm", "Var", "Wes", "Zel")
_SECOND = ("a", "an", "ar", "e", "en", "i", "in", "o", "or", "u", "um", "y")
_TOWN = ("burg", "dale", "field", "gate", "haven", "mouth", "port", "stead", "ton", "wick")
_TRADE = ("Chemicals", "Agro", "Flame Retardants", "Intermediates", "Organics", "Phosphorus")
_TRADES = (*_TRADE, "Polymers", "Specialties", "Surfactants", "Synthesis", "Textile Auxiliaries")
_FORM = ("Company", "Works", "Group", "Industries", "Enterprise")
SITE_WORDS = ("Plant", "Site", "Works", "Complex")
_STREET = ("Canal Street", "Factory Lane", "Harbour Road", "Mill Way", "Ring Road", "Works Avenue")


@dataclass(frozen=True, slots=True)
class Place:
    """An address with its position; degrees as decimal strings."""

    street: str
    city: str
    postal_code: str
    country: str
    latitude: str
    longitude: str

    def members(self) -> dict[str, Any]:
        """Return it as an `Address`."""
        return {
            "street": self.street,
            "city": self.city,
            "postal_code": self.postal_code,
            "country": self.country,
            "latitude": self.latitude,
            "longitude": self.longitude,
        }


def make_place(chance: Chance, state: str) -> Place:
    """Return an invented address in a State."""
    latitude, longitude = chance.between(-550_000, 650_000), chance.between(-1_750_000, 1_750_000)
    return Place(
        street=f"{chance.between(1, 240)} {chance.choose(_STREET)}",
        city=_stem(chance) + chance.choose(_TOWN),
        postal_code=f"{chance.between(1000, 99999)}",
        country=state,
        latitude=_degrees(latitude),
        longitude=_degrees(longitude),
    )


def make_company(chance: Chance) -> str:
    """Return the invented name of a company."""
    return f"{_stem(chance)} {chance.choose(_TRADES)} {chance.choose(_FORM)}"


def make_site_name(chance: Chance, place: Place) -> str:
    """Return the invented name of a plant site."""
    return f"{place.city} {chance.choose(SITE_WORDS)}"


def _stem(chance: Chance) -> str:
    return chance.choose(_FIRST + _MORE) + chance.choose(_SECOND)


def _degrees(ten_thousandths: int) -> str:
    sign = "-" if ten_thousandths < 0 else ""
    whole, part = divmod(abs(ten_thousandths), 10_000)
    return f"{sign}{whole}.{part:04d}"
