"""Reading label rules, and what they can be made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from board.db import db
from board.i18n import current_locale
from board.issues.models import ConnectionRepository, Issue, LabelRule
from board.partners.models import Partner
from board.proposals.models import Topic

TRIED = 1_000


@dataclass(frozen=True)
class RuleLine:
    """A rule with the names of what it names."""

    id: int
    label: str
    effect: str
    enabled: bool
    topic: str | None
    partner: str | None


def rules(connection_id: int) -> list[RuleLine]:
    """All rules of a connection, by label."""
    wanted = _lines().where(LabelRule.connection_id == connection_id)
    return [RuleLine(*row) for row in db.session.execute(wanted.order_by(func.lower(LabelRule.label), LabelRule.id))]


def rule(connection_id: int, rule_id: int) -> RuleLine | None:
    """One of them."""
    row = db.session.execute(_lines().where(*_same(connection_id, rule_id))).one_or_none()
    return RuleLine(*row) if row else None


def drafts(connection_id: int, rule_id: int) -> Sequence[LabelRule]:
    """The rule itself, to be tried; empty when there is none."""
    return db.session.scalars(select(LabelRule).where(*_same(connection_id, rule_id))).all()


def labels(connection_id: int) -> list[str]:
    """The labels that its stored issues wear (of the newest 1,000), in the order of the alphabet."""
    wanted = (
        select(Issue.labels)
        .join(ConnectionRepository, ConnectionRepository.repository_id == Issue.repository_id)
        .where(ConnectionRepository.connection_id == connection_id, Issue.visible, Issue.labels.is_not(None))
        .order_by(Issue.id.desc())
        .limit(TRIED)
    )
    return sorted({label for worn in db.session.scalars(wanted) for label in worn or ()}, key=str.casefold)


def _lines() -> Select[Any]:
    label = Topic.label_en if current_locale() == "en" else Topic.label_de
    columns: list[Any] = [LabelRule.id, LabelRule.label, LabelRule.effect, LabelRule.enabled, label, Partner.name]
    return (
        select(*columns)
        .select_from(LabelRule)
        .outerjoin(Topic, Topic.id == LabelRule.topic_id)
        .outerjoin(Partner, Partner.id == LabelRule.partner_id)
    )


def _same(connection_id: int, rule_id: int) -> tuple[Any, Any]:
    return LabelRule.id == rule_id, LabelRule.connection_id == connection_id
