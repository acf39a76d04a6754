"""What happens to topics: made, called something else, no longer offered. Proposals keep the topic they have."""

import re

from sqlalchemy import select, update

from board import text
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Refusal
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import Proposal, Topic


def create(by: Actor, label_de: str, label_en: str) -> Topic:
    """A new topic; its name in addresses comes from the German one. Raises Conflict for one that is there."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.fold(label_de)).strip("-")[:60]
    if not slug:
        raise Refusal(_("A topic needs a name with letters or digits."))
    if db.session.scalar(select(Topic.id).where(Topic.slug == slug)):
        raise Conflict(_("There is such a topic already."))
    topic = Topic(slug=slug, label_de=label_de, label_en=label_en)
    db.session.add(topic)
    db.session.flush()
    act(by, "topic.create", topic, topic=topic.id)
    return topic


def relabel(topic: Topic, label_de: str, label_en: str, by: Actor) -> bool:
    """Call it something else, wherever it stands; its name in addresses stays. Returns whether anything changed."""
    if (topic.label_de, topic.label_en) == (label_de, label_en):
        return False
    act(by, "topic.relabel", topic, topic=topic.id)
    topic.label_de, topic.label_en = label_de, label_en
    _touch(topic)
    return True


def retire(topic: Topic, by: Actor) -> None:
    """Offer it no longer for new proposals. Twice is harmless."""
    act(by, "topic.retire", topic, topic=topic.id)
    topic.retired_at = topic.retired_at or now()


def revive(topic: Topic, by: Actor) -> None:
    """Offer it again. Twice is harmless."""
    act(by, "topic.revive", topic, topic=topic.id)
    topic.retired_at = None


def _touch(topic: Topic) -> None:
    """A new version for every proposal that shows its name."""
    new = update(Proposal).where(Proposal.topic_id == topic.id).values(version=Proposal.version + 1)
    db.session.flush()
    db.session.execute(new.execution_options(synchronize_session=False))
