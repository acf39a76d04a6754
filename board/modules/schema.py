"""The fields of the city-app schema (version 1.1 of `city_app.yml`, modules 1.0.0), and which of them the board knows.

Source: the schema that Fraunhofer IESE published for the programme Modellprojekte Smart Cities.
"""

from board import text
from board.proposals.states import State

MODULE = (
    "name", "optional", "topic", "short_description", "opencode_repository", "screenshots", "usage_scenario",
    "description", "cost", "interfaces", "dependencies", "external_services", "customization_options",
    "involved_actors", "technical_documentation", "deployed_in_municipalities", "development_status", "last_update",
    "roadmap", "topic_enum_info",
)  # fmt: skip
APP = (
    "name", "provider", "app_type", "short_description", "website", "contact", "development_partnership",
    "deployed_in_municipalities", "license", "logo", "screenshots", "opencode_repository", "documentation", "modules",
    "development_status", "last_update", "city-app-yml-version",
)  # fmt: skip
OWN = frozenset({"name", "topic", "short_description", "description", "last_update"})
"""Fields of a module that the board says itself; what a file says there is named and left."""
OWN_OF_APP = frozenset({"last_update"})
PEOPLE = frozenset({"contact", "development_partnership"})
"""Fields that hold names and addresses of people: named, never kept."""
TOPICS = (
    "veranstaltungskalender", "maengelmelder", "nachrichten", "bürgerbeteiligung", "bürgerservices", "abfallkalender",
    "oepnv-auskunft", "parkinformationen", "mobilitätsdienste", "notfallwarnungen", "wetterinformationen",
    "formularservice", "terminbuchung", "kontaktverzeichnis", "recyclinginformationen", "umweltmonitoring",
    "feedbackmodul", "branchenverzeichnis", "stellenangebote", "tourismusinformationen", "kulturveranstaltungen",
    "bildungsinformationen", "kinder-und-jugendangebote", "seniorenangebote", "sozialdienste",
    "push-benachrichtigungen", "hilfe-und-faq", "barrierefreiheit", "sprachwahl", "marktplatz", "raumbuchung",
)  # fmt: skip
TOPIC_OF = {text.fold(value): value for value in TOPICS}
"""The board's slug → the schema's value; a topic of one's own has none and stands as it is."""
STATUS = {
    "Alpha": State.BUILDING, "Beta": State.PILOTING, "Stable": State.AVAILABLE, "Production": State.AVAILABLE,
    "Deprecated": State.AVAILABLE,
}  # fmt: skip
STATUS_OF = {State.BUILDING: "Alpha", State.PILOTING: "Beta", State.AVAILABLE: "Stable"}
VERSION = "1.1"


def status(state: str, given: object) -> str:
    """What a module's status is: that of the file while it fits the proposal's state, else what the state means.

    Of a proposal that is not built yet the schema has no word; the file may speak of what exists elsewhere.
    """
    said = given if isinstance(given, str) else ""
    return said if STATUS.get(said) == state else STATUS_OF.get(State(state), said)
