"""Mail that helps: digest, reminders, replies, mentions, news of what is watched; by choice, ended by one click.

Jobs read due rows and the activity log from a stored cursor; what was said to somebody is a row, so nobody is told
twice. With nothing to say there is no mail.
"""
