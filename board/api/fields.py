"""Kinds of fields that several shapes share: keys, cleaned texts, flags in a query, person-days."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

from board import text

T = TypeVar("T")


class Shape(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """What is asked in a query: unknown names are refused, so that a misspelt filter is no filter by accident."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """The body of a change: types are not guessed, unknown names are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


Rest = Annotated[str | None, Field(description="The address of the rest; null at the end.")]


class Listed(Shape, Generic[T]):
    """Some of a list, and where it goes on."""

    items: list[T]
    next: Rest


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_moment, return_type=str, when_used="json"), Field(
    json_schema_extra={"format": "date-time"}
)]  # fmt: skip
Days = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]

Proposalkey = Annotated[str, Field(pattern=r"^FV-[1-9][0-9]{0,8}$", examples=["FV-12"])]
Packagekey = Annotated[str, Field(pattern=r"^AP-[1-9][0-9]{0,8}$", examples=["AP-7"])]


def number(key: str) -> int:
    """The number in a key."""
    return int(key.rpartition("-")[2])


# What people write


def _filled(value: str) -> str:
    if not value:
        raise ValueError("empty")
    return value


def _one_line(value: str) -> str:
    return " ".join(value.split())


def words(most: int) -> Any:
    """Text of several lines, perhaps none."""
    return Annotated[str, StringConstraints(max_length=most), AfterValidator(text.clean)]


def some_words(most: int) -> Any:
    """Text of several lines; something must stand in it."""
    return Annotated[
        str, StringConstraints(min_length=1, max_length=most), AfterValidator(text.clean), AfterValidator(_filled)
    ]


def line(most: int) -> Any:
    """One line, perhaps empty."""
    return Annotated[str, StringConstraints(max_length=most), AfterValidator(text.clean), AfterValidator(_one_line)]


def some_line(most: int) -> Any:
    """One line; something must stand in it."""
    return Annotated[
        str, StringConstraints(min_length=1, max_length=most), AfterValidator(text.clean), AfterValidator(_one_line),
        AfterValidator(_filled),
    ]  # fmt: skip


WebAddress = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[^\s/]+(/\S*)?$")]
PersonDays = Annotated[float, Field(gt=0, le=9999, multiple_of=0.5)]


def days(value: float | None) -> Decimal | None:
    """Person-days as the domain counts them."""
    return None if value is None else Decimal(str(value))


# What is asked in a query


def _flag(value: Any) -> Any:
    if value not in {"true", "false"}:
        raise ValueError("true or false")
    return value == "true"


Flag = Annotated[bool, BeforeValidator(_flag)]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at once.")]
After = Annotated[str, StringConstraints(max_length=60, pattern=r"^[0-9A-Za-z~:.-]*$")]


class Paged(Asked):
    """Some of a list: `after` comes from `next`."""

    limit: Limit = 50
    after: After = Field("", description="Where to go on: from the next of the answer before.")


class PagedWide(Paged):
    """Some of a list that is read at once by all but the largest partnerships."""

    limit: Limit = 200


Day = date
Language = Literal["de", "en"]
