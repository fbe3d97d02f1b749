"""What we tell the outside: metric families, the page a scraper reads, the log.

Here: every family as data, the cells that count, the recorder through which the program reports, the line per call.
Not here: HTTP (control serves the page), the ledger (it reports its own health as a value), and any decision.
"""
