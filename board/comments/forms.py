"""The forms in which people write comments."""

from wtforms import IntegerField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from board.comments.models import MAX_LENGTH
from board.forms import BoardForm, paragraph


class CommentForm(BoardForm):
    """What somebody wants to say, in Markdown."""

    text = paragraph("Comment", MAX_LENGTH, required=True)


class EditForm(CommentForm):
    """The same, put differently; it knows which version its author had before them."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
