"""Replies in one piece."""

from typing import Any

import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import ReportsUsage, Script
from sidecar.simulator.speech import Naming
from sidecar.simulator.whole_replies import reply_of

FLASH, EMBEDDING, BY_CHARACTER, IMAGEN = (
    "gemini-2.5-flash",
    "gemini-embedding-001",
    "text-embedding-005",
    "imagen-4.0-generate-001",
)


def reply(method: str, model: str, used: Used, dialect: Dialect = Dialect.VERTEX, **fields: Any) -> dict[str, Any]:
    script = Script(**fields.pop("script", {}))
    plan = Plan(route=Route(dialect, method, model), model=CATALOG[model], script=script, used=used, **fields)
    return reply_of(plan, Naming(1, 0))


def test_one_embedding__values_and_usage():
    said = reply("embedContent", EMBEDDING, Used(prompt_tokens=3), pieces=(3,), dimensions=4)
    assert len(said["embedding"]["values"]) == 4
    assert said["usageMetadata"]["promptTokenCount"] == 3


def test_many_embeddings__one_usage_for_all():
    said = reply("batchEmbedContents", EMBEDDING, Used(prompt_tokens=7), Dialect.GEMINI, pieces=(3, 4), dimensions=4)
    assert len(said["embeddings"]) == 2
    assert said["usageMetadata"]["totalTokenCount"] == 7


def test_predicted_embeddings__statistics_for_each():
    said = reply("predict", EMBEDDING, Used(prompt_tokens=7), pieces=(3, 4), dimensions=4)
    statistics = [each["embeddings"]["statistics"] for each in said["predictions"]]
    assert statistics == [{"token_count": 3, "truncated": False}, {"token_count": 4, "truncated": False}]
    assert "metadata" not in said


def test_embeddings_by_the_character__say_how_many():
    said = reply("predict", BY_CHARACTER, Used(characters=44), pieces=(11,), dimensions=4)
    assert said["metadata"] == {"billableCharacterCount": 44}


def test_images__and_a_reason_for_each_that_is_withheld():
    said = reply("predict", IMAGEN, Used(images=2), script={"filtered": 1, "image_bytes": 12})
    painted, again, withheld = said["predictions"]
    assert painted == again == {"mimeType": "image/png", "bytesBase64Encoded": "iVBORw0KGgoAAQID"}
    assert list(withheld) == ["raiFilteredReason"]


def test_counted_tokens__with_characters_on_vertex():
    used = Used(prompt_tokens=5)
    details = [{"modality": "TEXT", "tokenCount": 5}]
    assert reply("countTokens", FLASH, used, Dialect.GEMINI) == {"totalTokens": 5, "promptTokensDetails": details}
    assert reply("countTokens", FLASH, used)["totalBillableCharacters"] == 20


def test_computed_tokens__each_with_its_id():
    (info,) = reply("computeTokens", FLASH, Used(prompt_tokens=2))["tokensInfo"]
    assert info == {"tokens": ["dG9rZW4w", "dG9rZW4x"], "tokenIds": ["0", "1"], "role": "user"}


@pytest.mark.parametrize(
    ("method", "model"),
    [("generateContent", FLASH), ("embedContent", EMBEDDING), ("predict", EMBEDDING), ("predict", BY_CHARACTER)],
)
def test_usage_kept_silent__is_nowhere_in_the_reply(method: str, model: str):
    said = str(reply(method, model, Used(prompt_tokens=7), pieces=(7,), script={"usage": ReportsUsage.NONE}))
    assert "'usageMetadata'" not in said
    assert "statistics" not in said
    assert "metadata" not in said
