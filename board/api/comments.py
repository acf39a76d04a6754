"""Comments under proposals and packages."""

from typing import Any

from board.api.answering import edited, goes_on
from board.api.fields import Given, Listed, Moment, Paged, Shape, some_words
from board.api.registry import change, read
from board.api.shapes import PartnerRef
from board.comments import queries
from board.comments.models import MAX_LENGTH
from board.comments.models import Comment as Row
from board.errors import Missing
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
TAG = N_("Comments")


class Comment(Shape):
    """A comment in Markdown; one that was taken back has no text any more. Names inside the partnership only."""

    id: int
    partner: PartnerRef | None
    name: str
    text: str
    written_at: Moment
    edited_at: Moment | None
    deleted_at: Moment | None
    is_mine: bool


class CommentGiven(Given):
    """What somebody wants to say, in Markdown."""

    text: some_words(MAX_LENGTH)  # type: ignore[valid-type]


@read("/proposals/<proposal:proposal_id>/comments", "comments", TAG, N_("Read the comments on a proposal"),
      N_("The oldest first."), query=Paged, answer=Listed[Comment], paged=True)  # fmt: skip
def comments(proposal_id: int, query: Paged) -> Listed[Comment]:
    """On a proposal."""
    return _listed(proposal_id, None, query)


@read("/packages/<package:package_id>/comments", "package_comments", TAG, N_("Read the comments on a work package"),
      N_("The oldest first."), query=Paged, answer=Listed[Comment], paged=True)  # fmt: skip
def package_comments(package_id: int, query: Paged) -> Listed[Comment]:
    """On a package."""
    return _listed(None, package_id, query)


def _listed(proposal_id: int | None, package_id: int | None, query: Paged) -> Listed[Comment]:
    on = queries.subject(proposal_id, package_id)
    start = int(query.after) if query.after.isdigit() and len(query.after) < 10 else 0
    thread = queries.thread(on, actor(), start=start)
    shown, rest = thread.entries[: query.limit], thread.entries[query.limit :]
    more = rest[0].id if rest else thread.later
    return Listed(items=[Comment.model_validate(entry) for entry in shown], next=goes_on(query, more))


@read("/comments/<int:comment_id>", "comment", TAG, N_("Read one comment"), answer=Comment)
def comment(comment_id: int) -> tuple[Comment, str]:
    """One comment."""
    found = queries.get(comment_id)
    thread = queries.thread(queries.subject(found.proposal_id, found.package_id), actor(), start=comment_id)
    if not thread.entries or thread.entries[0].id != comment_id:
        raise Missing
    return Comment.model_validate(thread.entries[0]), _edition(found)


def _edition(found: Row) -> str:
    return f"c{found.version}"


@change("POST", "/proposals/<proposal:proposal_id>/comments", "write_comment", TAG, N_("Comment on a proposal"),
        body=CommentGiven, answer=Comment, scope="comment", status=201,
        example={"text": "Das brauchen wir auch."})  # fmt: skip
def write_comment(proposal_id: int, body: CommentGiven) -> Any:
    """On a proposal."""
    return _written(Row.write(queries.subject(proposal_id, None, locked=True), body.text, by=actor()))


@change("POST", "/packages/<package:package_id>/comments", "write_package_comment", TAG,
        N_("Comment on a work package"), body=CommentGiven, answer=Comment, scope="comment", status=201)  # fmt: skip
def write_package_comment(package_id: int, body: CommentGiven) -> Any:
    """On a package."""
    return _written(Row.write(queries.subject(None, package_id, locked=True), body.text, by=actor()))


def _written(made: Row) -> Any:
    number = made.id
    return lambda: comment(number)


@change("PATCH", "/comments/<int:comment_id>", "edit_comment", TAG, N_("Change one's own comment"),
        body=CommentGiven, answer=Comment, scope="comment", edition=True)  # fmt: skip
def edit_comment(comment_id: int, body: CommentGiven, edition: str) -> Any:
    """Put it differently."""
    found = queries.get(comment_id, locked=True)
    edited(edition, _edition(found))
    found.edit(body.text, found.version, by=actor())
    return lambda: comment(comment_id)


@change("DELETE", "/comments/<int:comment_id>", "delete_comment", TAG, N_("Take one's own comment back"),
        N_("A line stays that says so."), answer=Comment, scope="comment")  # fmt: skip
def delete_comment(comment_id: int) -> Any:
    """Take it back."""
    queries.get(comment_id, locked=True).delete(by=actor())
    return lambda: comment(comment_id)
