"""The licences under which an operator can give the data away, by the names of DCAT-AP.de's list of licences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Licence:
    """One licence: its name, where its text stands, its address in the list, whether it asks to name the source."""

    name: str
    url: str
    listed: str
    naming: bool = False


LISTED = "http://dcat-ap.de/def/licenses/"
LICENCES = {
    "dl-zero-de": Licence(
        "Datenlizenz Deutschland – Zero – Version 2.0", "https://www.govdata.de/dl-de/zero-2-0",
        f"{LISTED}dl-zero-de/2.0",
    ),
    "dl-by-de": Licence(
        "Datenlizenz Deutschland – Namensnennung – Version 2.0", "https://www.govdata.de/dl-de/by-2-0",
        f"{LISTED}dl-by-de/2.0", naming=True,
    ),
    "cc-zero": Licence(
        "Creative Commons CC0 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/",
        f"{LISTED}cc-zero",
    ),
    "cc-by": Licence(
        "Creative Commons Attribution 4.0 International", "https://creativecommons.org/licenses/by/4.0/",
        f"{LISTED}cc-by/4.0", naming=True,
    ),
}  # fmt: skip
CONTRIBUTORS = "http://dcat-ap.de/def/contributors/"
"""Where the addresses of data providers begin; GovData gives them out."""
