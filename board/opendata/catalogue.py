"""The catalogue of the data as DCAT-AP.de wants it (JSON-LD), so that a data portal can harvest it.

Which properties are mandatory: https://www.dcat-ap.de/def/dcatde/2.0/spec/ and GovData's conventions, 2.0. A test
holds the catalogue to them. Values that a vocabulary rules are addresses from that vocabulary.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from board import csv, i18n
from board.i18n import gettext as _
from board.opendata.datasets import DATASETS, N_, Dataset
from board.opendata.licences import Licence

EU = "http://publications.europa.eu/resource/authority/"
CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatde": "http://dcat-ap.de/def/dcatde/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FORMATS = {"csv": ("CSV", csv.CONTENT_TYPE.partition(";")[0]), "json": ("JSON", "application/json")}
"""Ending of the file → its name in the EU's list of file types, and its media type."""


@dataclass(frozen=True)
class Publication:
    """Who gives the data away, where, under which licence. `contributor`: the address that GovData gave them, or ""."""

    origin: str
    publisher: str
    licence: Licence
    contributor: str
    modified: datetime

    def at(self, path: str) -> dict[str, str]:
        """The node or page at a path of this board."""
        return {"@id": self.origin + path}


def catalogue(by: Publication) -> dict[str, Any]:
    """All of it: the catalogue, its publisher and contact point, each set of data with its files."""
    sets = DATASETS.values()
    nodes = [_catalogue(by, sets), _publisher(by), _contact(by)]
    for found in sets:
        nodes += [_dataset(by, found), *(_distribution(by, found, ending) for ending in FORMATS)]
    return {"@context": CONTEXT, "@graph": nodes}


def _catalogue(by: Publication, sets: Iterable[Dataset]) -> dict[str, Any]:
    return {
        **by.at("/data#catalogue"), "@type": "dcat:Catalog",
        "dct:title": _both(lambda: _("Open data of Stadtrunde")),
        "dct:description": _both(lambda: _(CATALOGUE)),
        "dct:publisher": by.at("/data#publisher"),
        "dct:language": _languages(),
        "dct:license": {"@id": by.licence.listed},
        "dct:modified": _moment(by.modified),
        "foaf:homepage": by.at("/data"),
        "dcat:themeTaxonomy": {"@id": f"{EU}data-theme"},
        "dcat:dataset": [by.at(f"/data#{found.name}") for found in sets],
    }  # fmt: skip


def _publisher(by: Publication) -> dict[str, Any]:
    return {
        **by.at("/data#publisher"), "@type": "foaf:Agent", "foaf:name": by.publisher,
        "foaf:homepage": by.at("/imprint"),
    }  # fmt: skip


def _contact(by: Publication) -> dict[str, Any]:
    return {
        **by.at("/data#contact"), "@type": "vcard:Organization", "vcard:fn": by.publisher,
        "vcard:hasURL": by.at("/imprint"),
    }  # fmt: skip


def _dataset(by: Publication, found: Dataset) -> dict[str, Any]:
    node = {
        **by.at(f"/data#{found.name}"), "@type": "dcat:Dataset",
        "dct:identifier": f"{by.origin}/data#{found.name}",
        "dct:title": _both(lambda: f"Stadtrunde: {_(found.title)}"),
        "dct:description": _both(lambda: _(found.description)),
        "dct:publisher": by.at("/data#publisher"),
        "dcat:contactPoint": by.at("/data#contact"),
        "dct:language": _languages(),
        "dct:modified": _moment(by.modified),
        "dct:accrualPeriodicity": {"@id": f"{EU}frequency/CONT"},
        "dct:accessRights": {"@id": f"{EU}access-right/PUBLIC"},
        "dcat:theme": [{"@id": f"{EU}data-theme/GOVE"}, {"@id": f"{EU}data-theme/TECH"}],
        "dcat:keyword": [word for name in found.keywords for word in _both(partial(_, name))],
        "dcat:landingPage": by.at("/data"),
        "dcatap:availability": {"@id": f"{EU}planned-availability/AVAILABLE"},
        "dcatde:politicalGeocodingLevelURI": {"@id": "http://dcat-ap.de/def/politicalGeocoding/Level/municipality"},
        "dcat:distribution": [by.at(f"/data#{found.name}-{ending}") for ending in FORMATS],
    }  # fmt: skip
    return node | ({"dcatde:contributorID": {"@id": by.contributor}} if by.contributor else {})


def _distribution(by: Publication, found: Dataset, ending: str) -> dict[str, Any]:
    kind, media = FORMATS[ending]
    node = {
        **by.at(f"/data#{found.name}-{ending}"), "@type": "dcat:Distribution",
        "dct:title": _both(lambda: f"{_(found.title)} ({kind})"),
        "dcat:accessURL": by.at(f"/data/{found.name}.{ending}"),
        "dcat:downloadURL": by.at(f"/data/{found.name}.{ending}"),
        "dct:license": {"@id": by.licence.listed},
        "dct:format": {"@id": f"{EU}file-type/{kind}"},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media}"},
        "dct:language": _languages(),
        "dct:modified": _moment(by.modified),
        "dcatap:availability": {"@id": f"{EU}planned-availability/AVAILABLE"},
    }  # fmt: skip
    return node | ({"dcatde:licenseAttributionByText": by.publisher} if by.licence.naming else {})


CATALOGUE = N_(
    "What municipalities propose, decide, build and reuse for their shared city app. Without names of persons, always "
    "as it stands on the board."
)


def _both(words: Callable[[], str]) -> list[dict[str, str]]:
    """The same words in every language of the board."""
    told = []
    for locale in i18n.LOCALES:
        with i18n.speaking(locale):
            told.append({"@language": locale, "@value": words()})
    return told


def _languages() -> list[dict[str, str]]:
    return [{"@id": f"{EU}language/DEU"}, {"@id": f"{EU}language/ENG"}]


def _moment(at: datetime) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
