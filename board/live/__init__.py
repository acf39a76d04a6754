"""Live: topics from the activity log to every open browser, through one hub thread per process.

`log` reads the activity log by cursor, `hub` tells the streams, `views` answer browsers. Where the server is known,
`handover` takes a stream's connection from it and `lines` writes on; elsewhere each stream keeps its thread (ADR 33).
`wire` is what is written.
An event carries a topic such as `tally-12`, never content: each browser fetches the components it shows. See ADR 7.
"""
