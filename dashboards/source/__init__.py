"""The five dashboards, written once: pages of rows of panels, from which classic JSON and V2 resources are made.

`python -m dashboards.source` writes both. A page (`overview.py` and its sisters) reads from top to bottom as the dashboard
does; `reading.py` reads either form back (`queries_of`, `variable_queries_of`, `annotation_queries_of`).

Not here: the recording rules and alerts (`dashboards/rules`), and anything that runs in the sidecar.
"""
