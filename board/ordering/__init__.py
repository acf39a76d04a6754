"""How product owners order the backlog: value, milestone, topic and date of many proposals at once, tables, pictures.

What was done to several at once is kept as a batch, so that it can be taken back as long as nothing else has changed.
"""
