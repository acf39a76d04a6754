"""The roadmap: what comes by when, who carries it, what it still lacks; on a page, on paper and in calendars."""
