"""Open data: what everybody may read here, as files with a licence and a catalogue that a data portal harvests.

Everything in it is read as a stranger reads the pages: no person, no contact, nobody's vote.
"""
