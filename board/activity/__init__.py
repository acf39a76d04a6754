"""Activity: what happened, who did it, for whom. The only source of news on the board.

Every state change writes one row in its own transaction, through `act`. Live updates, feeds, the desk
and (later) notifications and audit all read this log. Rows hold ids and enumerations, never names or texts.
"""
