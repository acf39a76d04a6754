"""Transfer workshops: a dated meeting whose agenda the board assembles, with a projector, phones, and frozen minutes.

A host leads through the agenda (`verbs`); the ballots cast on phones are ordinary ballots. What a partner says by voice
is entered as a draft that only its own delegate makes a ballot (`drafts`). Closing freezes the minutes (`minutes`);
answers that come until a stated hour are added to them once, marked as late. All of it is for signed-in partners.
"""
