"""Panels that ask for no figures: words, and the alerts."""

from dashboards.source.panels import Panel


def text(title: str, description: str, markdown: str, *, width: int = 24, height: int = 6) -> Panel:
    """Words."""
    options = {
        "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
        "content": markdown,
        "mode": "markdown",
    }
    return Panel("text", title, description, width, height, options=options)


def alerts(title: str, description: str, label_filter: str, *, width: int = 8, height: int = 8) -> Panel:
    """The alerts that fire or are about to, of those whose labels match."""
    options = {
        "alertInstanceLabelFilter": label_filter,
        "alertName": "",
        "dashboardAlerts": False,
        "groupBy": [],
        "groupMode": "default",
        "maxItems": 20,
        "showInactiveAlerts": False,
        "sortOrder": 3,
        "stateFilter": {
            "error": True, "firing": True, "noData": False, "normal": False, "pending": True, "recovering": True,
        },
        "viewMode": "list",
    }  # fmt: skip
    return Panel("alertlist", title, description, width, height, options=options)
