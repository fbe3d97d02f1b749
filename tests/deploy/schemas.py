"""Whether an object is what its kind says: Kubernetes' own schemas, strict, and those of two kinds of Prometheus Operator."""

from typing import Any

import jsonschema
import kubernetes_validate

from tests.deploy.kustomize import Document

NEWEST: str = kubernetes_validate.latest_version()
Invalid = (kubernetes_validate.ValidationError, jsonschema.ValidationError)
"""What `validate` fails with."""

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
DURATION: dict[str, Any] = {"type": "string", "pattern": r"^(([0-9]+)(ms|s|m|h|d))+$"}
TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
LABEL: dict[str, Any] = {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}


def thing(required: str, **properties: Any) -> dict[str, Any]:
    """The schema of a mapping with these keys and no others; `required` names those that must be there."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": of}


def custom(spec: dict[str, Any]) -> dict[str, Any]:
    """A whole object of monitoring.coreos.com/v1."""
    metadata = thing("name", name=TEXT, namespace=TEXT, labels=TEXTS, annotations=TEXTS)
    return thing("apiVersion kind metadata spec", apiVersion=TEXT, kind=TEXT, metadata=metadata, spec=spec)


RELABELING = thing(
    "",
    sourceLabels=many(LABEL),
    separator={"type": "string"},
    regex=TEXT,
    targetLabel=LABEL,
    replacement={"type": "string"},
    action={
        "enum": ["replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep", "hashmod", "lowercase", "uppercase"]
    },
)
ENDPOINT = thing(
    "port",
    port=TEXT,
    path={"type": "string", "pattern": "^/"},
    interval=DURATION,
    scrapeTimeout=DURATION,
    honorLabels={"type": "boolean"},
    relabelings=many(RELABELING),
)
RULE = thing(
    "expr",
    alert=TEXT,
    record={"type": "string", "pattern": "^[a-zA-Z_:][a-zA-Z0-9_:]*$"},
    expr=TEXT,
    **{"for": DURATION},
    labels=TEXTS,
    annotations=TEXTS,
) | {"oneOf": [{"required": ["alert"]}, {"required": ["record"]}]}
OPERATOR = {
    "PodMonitor": custom(
        thing(
            "selector podMetricsEndpoints",
            selector=thing("matchLabels", matchLabels=TEXTS),
            namespaceSelector=thing("", any={"type": "boolean"}, matchNames=many(TEXT)),
            podMetricsEndpoints=many(ENDPOINT),
        )
    ),
    "PrometheusRule": custom(
        thing("groups", groups=many(thing("name rules", name=TEXT, interval=DURATION, rules=many(RULE))))
    ),
}
"""Kind -> the part of its definition that we use (prometheus-operator, Documentation/api-reference/api.md)."""


def validate(document: Document, version: str = NEWEST) -> None:
    """Accept the object, or fail with what is wrong. Fields that the kind does not have are wrong.

    Raises:
        ValidationError: of jsonschema or of kubernetes_validate.
        SchemaNotFoundError, KeyError: nobody here knows the kind.
    """
    if document["apiVersion"] == "monitoring.coreos.com/v1":
        jsonschema.validate(document, OPERATOR[document["kind"]])
    else:
        kubernetes_validate.validate(document, version, strict=True)
