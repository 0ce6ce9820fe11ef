"""What the real Gemini API refuses, as far as this program could get it wrong.

Source: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/function-calling,
https://ai.google.dev/gemini-api/docs/thought-signatures, and the types of the google-genai package, 3.4.0. The API reads
protobuf: a field that it does not know is refused, not passed over.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection
from typing import Any

Objection = tuple[int, str, str]

# In place of a signature that is not known: for calls that another model made.
UNSIGNED = "skip_thought_signature_validator"

_TARGET = re.compile(r"/(?P<version>v1|v1beta)/models/(?P<model>[a-z0-9.-]+):streamGenerateContent\?alt=sse")
_GENERATION = re.compile(r"gemini-([0-9]+(?:\.[0-9]+)?)")
_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_IMAGES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")

_BODY = {"contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "serviceTier"}
_DATA = {"text", "inlineData", "functionCall", "functionResponse"}


class _Refused(Exception):
    pass


def objection(
    method: bytes, target: bytes, headers: dict[str, str], body: bytes, signatures: Collection[str] = ()
) -> Objection | None:
    """Status, its name, and message of the refusal; None for a request that is fine. `signatures` are those given out."""
    match = _TARGET.fullmatch(target.decode())
    if method != b"POST" or match is None:
        return 404, "NOT_FOUND", f"no such endpoint: {method.decode()} {target.decode()}"
    if not headers.get("x-goog-api-key"):
        return 403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers. Please use API Key."
    if match["model"].endswith("-latest") and match["version"] != "v1beta":
        return 404, "NOT_FOUND", f"models/{match['model']} is not found for API version {match['version']}"
    try:
        _require(headers.get("content-type") == "application/json", "the content type must be application/json")
        _Check(match["model"], signatures).body(json.loads(body))
    except _Refused as refused:
        return 400, "INVALID_ARGUMENT", str(refused)
    except ValueError as exc:
        return 400, "INVALID_ARGUMENT", f"Invalid JSON payload received. {exc}"
    return None


def model_of(target: bytes) -> str:
    """The model that is asked for."""
    match = _TARGET.fullmatch(target.decode())
    return match["model"] if match else ""


def _require(holds: object, message: str) -> None:
    if not holds:
        raise _Refused(message)


def _require_known(where: str, value: Any, known: Collection[str]) -> None:
    _require(isinstance(value, dict), f"Invalid value at '{where}'")
    for name in value:
        _require(
            name in known, f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
        )


class _Check:
    def __init__(self, model: str, signatures: Collection[str]) -> None:
        match = _GENERATION.match(model)
        self._model = model
        self._generation = float(match[1]) if match else 9.0 if model.endswith("-latest") else 0.0
        self._signatures = signatures

    def body(self, body: Any) -> None:
        _require_known("", body, _BODY)
        for part in body.get("systemInstruction", {}).get("parts", []):
            self._text("system_instruction", part)
        names = [name for tool in body.get("tools", []) for name in self._tool(tool)]
        _require(len(names) == len(set(names)), "Duplicate function declaration found")
        if "toolConfig" in body:
            _require(names, "Function calling config is set without function_declarations.")
            _require(body["toolConfig"] == {"functionCallingConfig": {"mode": "NONE"}}, "tool_config: not as planned")
        config = body.get("generationConfig", {})
        _require_known("generation_config", config, {"thinkingConfig", "maxOutputTokens"})
        if "thinkingConfig" in config:
            _require(self._generation >= 2.5, f"Thinking is not enabled for models/{self._model}")
            _require_known("thinking_config", config["thinkingConfig"], {"includeThoughts", "thinkingLevel"})
        self._contents(body.get("contents", []))

    def _tool(self, tool: dict[str, Any]) -> list[str]:
        _require_known("tools", tool, {"functionDeclarations"})
        for each in tool["functionDeclarations"]:
            _require_known("function_declarations", each, {"name", "description", "parametersJsonSchema"})
            _require(_TOOL_NAME.fullmatch(each["name"]), f"Invalid function name: {each['name']}")
            _require(each["parametersJsonSchema"].get("type") == "object", f"{each['name']}: must describe an object")
        return [each["name"] for each in tool["functionDeclarations"]]

    def _contents(self, contents: list[dict[str, Any]]) -> None:
        _require(contents, "contents is not specified")
        open_calls: list[dict[str, Any]] = []
        for index, content in enumerate(contents):
            where = f"contents[{index}]"
            _require_known(where, content, {"role", "parts"})
            _require(content["role"] == ("model" if index % 2 else "user"), f"{where}: roles must alternate")
            _require(content["parts"], f"{where}.parts must not be empty")
            for part in content["parts"]:
                self._part(where, part, by_model=index % 2 == 1)
            calls = [part for part in content["parts"] if "functionCall" in part]
            self._answered(where, open_calls, [part for part in content["parts"] if "functionResponse" in part])
            if calls and self._generation >= 3:
                _require(
                    calls[0].get("thoughtSignature"),
                    "Function call is missing a thought_signature in functionCall parts. Additional data, function call "
                    f"`default_api:{calls[0]['functionCall']['name']}`, position {index + 1}.",
                )
            open_calls = [part["functionCall"] for part in calls]
        _require(contents[-1]["role"] == "user", "Please ensure that the last turn is a user turn")

    def _answered(self, where: str, calls: list[dict[str, Any]], results: list[dict[str, Any]]) -> None:
        told = [result["functionResponse"] for result in results]
        _require(
            len(calls) == len(told),
            "Please ensure that the number of function response parts is equal to the number of function call parts of "
            "the function call turn.",
        )
        # In the order of the calls: older models do not look at the ids.
        for call, result in zip(calls, told, strict=True):
            _require(result["name"] == call["name"], f"{where}: a response of {result['name']} to {call['name']}")
            _require(
                result.get("id") == call.get("id"), f"{where}: the id of a function response does not match its call"
            )

    def _part(self, where: str, part: dict[str, Any], *, by_model: bool) -> None:
        _require_known(f"{where}.parts", part, _DATA | ({"thoughtSignature"} if by_model else set()))
        _require(
            len(_DATA & set(part)) == 1, f"{where}.parts: required oneof field 'data' must have one initialized field"
        )
        if "text" in part:
            self._text(where, part)
        if "inlineData" in part:
            self._image(where, part["inlineData"])
        if "functionCall" in part:
            _require(by_model, f"{where}: a function call must be the model's")
            _require_known(where, part["functionCall"], {"id", "name", "args"})
            _require(isinstance(part["functionCall"]["args"], dict), f"{where}: args must be an object")
        if "functionResponse" in part:
            _require(not by_model, f"{where}: a function response must be the user's")
            self._result(where, part["functionResponse"])
        signature = part.get("thoughtSignature", UNSIGNED)
        _require(signature == UNSIGNED or signature in self._signatures, "Corrupted thought signature.")

    def _result(self, where: str, result: dict[str, Any]) -> None:
        _require_known(where, result, {"id", "name", "response", "parts"})
        _require(isinstance(result["response"], dict) and result["response"], f"{where}: an empty function response")
        for part in result.get("parts", []):
            _require(self._generation >= 3, "Multimodal function responses are not supported for this model.")
            _require_known(where, part, {"inlineData"})
            self._image(where, part["inlineData"])

    def _text(self, where: str, part: dict[str, Any]) -> None:
        _require(isinstance(part.get("text"), str) and part["text"].strip(), f"{where}: an empty text parameter")

    def _image(self, where: str, blob: dict[str, Any]) -> None:
        _require_known(where, blob, {"mimeType", "data"})
        _require(blob["mimeType"] in _IMAGES, f"Unsupported MIME type: {blob['mimeType']}")
        try:
            _require(base64.b64decode(blob["data"], validate=True), f"{where}: an empty image")
        except binascii.Error as exc:
            raise _Refused(f"{where}: not base64: {exc}") from exc
