"""Which sets of data there are: name, words in both languages, columns, and how their rows are read."""

from collections.abc import Callable
from dataclasses import dataclass

from board.opendata import queries
from board.opendata.queries import Batch

N_ = str  # Marks a message id; it is translated where it is shown.


@dataclass(frozen=True)
class Dataset:
    """One set of data. The columns stand in the order of the file; a test holds them to the rows."""

    name: str
    title: str
    description: str
    keywords: tuple[str, ...]
    columns: tuple[str, ...]
    read: Callable[[int, int], Batch]


DATASETS = {
    found.name: found
    for found in (
        Dataset(
            "proposals", N_("Proposals"),
            N_("Every function that partners want in the shared city app: its text, state, topic, who proposed and "
               "built it, answer-by date, estimated effort and sources."),
            (N_("city app"), N_("smart city"), N_("proposals")),
            ("key", "title", "title_en", "summary", "summary_en", "text", "text_en", "topic", "state", "proposed_by",
             "imported", "built_by", "created_at", "vote_by", "objections_until", "closed_at", "effort_low",
             "effort_high", "effort_until", "milestone", "merged_into", "links"),
            queries.proposals,
        ),
        Dataset(
            "tallies", N_("Tallies and offers"),
            N_("How many partners are for or against each proposal that had a vote, how many abstain or have cast no "
               "ballot yet, and who offers to lead, pilot, co-fund, give days or use it. Who voted how is not in it."),
            (N_("city app"), N_("votes"), N_("cooperation")),
            ("proposal", "state", "for", "against", "abstain", "without_ballot", "electorate", "vote_by", "closed_at",
             "leads", "pilots", "co_funders", "future_users", "days_offered", "days_confirmed"),
            queries.tallies,
        ),
        Dataset(
            "decisions", N_("Decisions"),
            N_("What was decided about proposals: outcome, body, date, reason and how the ballots stood at that time."),
            (N_("city app"), N_("decisions"), N_("cooperation")),
            ("id", "proposal", "outcome", "body", "decided_on", "reason", "for", "against", "abstain", "electorate",
             "no_objection", "recorded_at", "taken_back_at", "record"),
            queries.decisions,
        ),
        Dataset(
            "packages", N_("Work packages"),
            N_("The pieces of work under the proposals: what they deliver, effort in person-days, state, who leads and "
               "supports them, what they wait for."),
            (N_("city app"), N_("open source"), N_("work packages")),
            ("key", "proposal", "title", "text", "deliverables", "acceptance", "state", "on_hold", "effort_days",
             "story_points", "cluster", "funder", "commissioned", "due_on", "milestone", "created_at", "led_by",
             "supported_by", "skills", "waits_for", "links"),
            queries.packages,
        ),
        Dataset(
            "reuse", N_("Reuse"),
            N_("Which partner uses which function: status, version, quarter planned for, own variant, source, and when "
               "the entry was confirmed."),
            (N_("city app"), N_("reuse"), N_("open source")),
            ("proposal", "partner", "partner_name", "ags", "status", "planned_for", "version", "variant", "link",
             "source", "confirmed_on", "to_be_confirmed", "own_variant", "variant_differs", "variant_repository",
             "variant_branch", "variant_returns", "variant_state"),
            queries.reuse,
        ),
    )
}  # fmt: skip
