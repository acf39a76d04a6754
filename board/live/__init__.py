"""Live: topics from the activity log to every open browser, through one hub thread per process.

`log` reads the activity log by cursor, `hub` tells the streams, `views` speak to browsers.
An event carries a topic such as `tally-12`, never content: each browser fetches the components it shows. See ADR 0007.
"""
