"""Mail: an outbox in the database, and a job that empties it.

A mail is a row, written by `outbox.put` in the transaction that causes it: neither is there without the other. The row
holds ids; `kinds` says which function makes the letter of a kind when it is sent, `sending` hands it to the mail server
under a lease, with a Message-ID that never changes. See ADR 15.
"""
