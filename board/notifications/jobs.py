"""The jobs that write mail: the weekly digest, reminders, comments, news. Each may be cut off and repeated."""

from collections import defaultdict
from datetime import timedelta
from itertools import groupby

from sqlalchemy import select

from board.activity.models import Activity
from board.comments.mentions import mentioned
from board.comments.models import Comment
from board.db import db, now, transaction
from board.i18n import BERLIN
from board.mail import outbox
from board.notifications import news, queries, watching
from board.notifications.cursor import fresh
from board.notifications.models import Sort, Told
from board.proposals.models import Proposal
from board.work.models import Package

HOUR = 7
AHEAD = timedelta(days=7)


def digests() -> int:
    """From Monday seven o'clock (Germany) each delegate gets the week's digest once, if anything waits.

    A worker that was away catches up within the week. Returns how many were written.
    """
    moment = now().astimezone(BERLIN)
    if moment.weekday() == 0 and moment.hour < HOUR:
        return 0
    year, week, _day = moment.isocalendar()
    period = f"digest-{year}-{week:02}"
    people = queries.delegates()
    done = set(db.session.scalars(select(Told.person_id).where(Told.what == period)))
    no = watching.declined(people, Sort.WEEKLY)
    n = 0
    for person_id in people:
        if person_id in done or person_id in no:
            continue
        with transaction():
            if _tell(person_id, period) and (queries.waiting(person_id) or queries.decided_since(person_id)):
                n += outbox.put("digest", to=person_id, once=f"{period}-{person_id}")
    return n


def remind() -> int:
    """A week before an answer-by date, or the end of a consent, those whom it concerns are told, all in one mail."""
    if now().astimezone(BERLIN).hour < HOUR:
        return 0
    found = {"due": queries.reminders(AHEAD), "consent": queries.consent_reminders(AHEAD)}
    people = sorted({person for rows in found.values() for person, _proposal, _day in rows})
    no = watching.declined(people, Sort.REMINDERS)
    n = 0
    for person_id in people:
        if person_id in no:
            continue
        with transaction():
            fresh = {
                name: [p for who, p, day in rows if who == person_id and _tell(person_id, f"{name}-{p}-{day}")]
                for name, rows in found.items()
            }
            if any(fresh.values()):
                n += outbox.put("reminder", to=person_id, proposals=fresh["due"], consents=fresh["consent"])
    return n


def comments() -> int:
    """Tell of new comments whom they concern: the mentioned, the author, those who spoke before, those who watch.

    The log is read from a stored cursor; mails and cursor are one transaction, so nobody is told twice or forgotten.
    """
    with transaction():
        ids = [entry.id for entry in fresh("comments") if entry.verb == "comment.write"]
        return sum(_of(comment) for comment in _comments(ids))


def tell_news() -> int:
    """Tell those who watch of states that changed, decisions and new proposals: one mail per thing and turn.

    Read like the comments. Whoever did it is not told; what somebody was told of, the digest does not repeat.
    """
    with transaction():
        events = news.events([entry.id for entry in fresh("news") if entry.verb in news.TOLD])
        heard: dict[tuple[int, str], list[int]] = defaultdict(list)
        for event, people in news.hearers(events):
            for person_id in people:
                heard[person_id, event.key].append(event.id)
        n = 0
        for (person_id, key), ids in sorted(heard.items()):
            for number in ids:
                _tell(person_id, f"news-{number}")
            n += outbox.put("news", to=person_id, once=f"news-{key}-{ids[0]}-{person_id}", events=ids)
        return n


def tell_over() -> int:
    """From seven o'clock those who watch a proposal are told, once, that its answer-by date has passed.

    All that passed in the last days goes into one mail per person.
    """
    if now().astimezone(BERLIN).hour < HOUR:
        return 0
    n = 0
    for person_id, rows in groupby(news.over(AHEAD), key=lambda row: row[0]):
        with transaction():
            fresh = [proposal for _p, proposal, day in rows if _tell(person_id, f"over-{proposal}-{day}")]
            if fresh:
                n += outbox.put("over", to=person_id, proposals=fresh)
    return n


def _comments(activity_ids: list[int]) -> list[Comment]:
    query = select(Comment).join(Activity, Activity.comment_id == Comment.id).where(Activity.id.in_(activity_ids))
    return list(db.session.scalars(query.where(Comment.deleted_at.is_(None)).order_by(Comment.id)))


def _of(comment: Comment) -> int:
    """Put the mails about one comment; who is mentioned is told as such."""
    key = f"AP-{comment.package_id}" if comment.package_id else f"FV-{comment.proposal_id}"
    named = mentioned(comment.text).people()
    spoken = set(
        db.session.scalars(
            select(Comment.person_id).where(
                Comment.proposal_id == comment.proposal_id,
                Comment.package_id.is_not_distinct_from(comment.package_id),
                Comment.id < comment.id,
            )
        )
    )
    if author := _author(comment):
        spoken.add(author)
    named -= watching.declined(named, Sort.MENTIONS)
    others = (spoken | watching.watchers(key)) - named
    others -= watching.declined(others, Sort.REPLIES)
    n = 0
    for sort, people in ((Sort.MENTIONS, named), (Sort.REPLIES, others)):
        for person_id in sorted(people - {comment.person_id}):
            once = f"comment-{comment.id}-{person_id}"
            n += outbox.put("comment", to=person_id, once=once, comment=comment.id, sort=str(sort))
    return n


def _author(comment: Comment) -> int | None:
    """Who wrote the proposal or package that the comment stands under."""
    if comment.package_id is not None:
        return db.session.scalar(select(Package.author_id).where(Package.id == comment.package_id))
    return db.session.scalar(select(Proposal.author_id).where(Proposal.id == comment.proposal_id))


def _tell(person_id: int, what: str) -> bool:
    """Note that the person is told; False when they were before."""
    if db.session.get(Told, (person_id, what)) is not None:
        return False
    db.session.add(Told(person_id=person_id, what=what))
    return True
