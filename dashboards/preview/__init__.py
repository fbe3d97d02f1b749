"""A tool for whoever writes the dashboards: it plays a demo, asks a real Prometheus, draws the panels, and takes their pictures.

Not here: the dashboards (`dashboards/source`), and anything that `make test` needs. How, and how true: README.md.
"""
