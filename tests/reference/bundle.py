"""Holds a bundle against RO-Crate 1.1 and Process Run Crate 0.5, as the validator of their community
reads them. Needs no network: the JSON-LD context of RO-Crate comes with the package `rocrate`.

    python bundle.py FOLDER-OF-AN-UNPACKED-BUNDLE

Packages: roc-validator==0.13.0 rocrate==0.13.0
"""

import json
import sys
from importlib.resources import files
from unittest.mock import patch

from rdflib.plugins.shared.jsonld import context as jsonld
from rocrate_validator import services
from rocrate_validator.utils.http import HttpRequester

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILES = ["ro-crate-1.1", "process-run-crate-0.5"]

document = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_text())
assert document["@id"] == CONTEXT

elsewhere = jsonld.source_to_json


class Answer:
    """What the validator asks of an answer from the network."""

    status_code = 200
    content = json.dumps(document).encode()
    text = json.dumps(document)
    ok = True
    headers = {"Content-Type": "application/ld+json"}

    def json(self):
        return document

    def raise_for_status(self):
        pass


def source_to_json(source, *arguments, **named):
    if str(source) == CONTEXT:
        return document, None
    return elsewhere(source, *arguments, **named)


def get(self, address, *arguments, **named):
    if str(address) == CONTEXT:
        return Answer()
    raise ConnectionError(f"the validator asks for {address}")


def validate(folder, profile):
    settings = services.ValidationSettings(
        rocrate_uri=folder,
        profile_identifier=profile,
        disable_inherited_profiles_issue_reporting=False,
    )
    with (
        patch.object(jsonld, "source_to_json", source_to_json),
        patch.object(HttpRequester, "get", get, create=True),
    ):
        result = services.validate(settings)
    for issue in result.get_issues():
        print(f"{profile}: {issue.check.identifier}: {issue.message}")
    return not result.has_issues()


verdicts = [validate(sys.argv[1], profile) for profile in PROFILES]
if not all(verdicts):
    sys.exit("the bundle is no valid research object")
print(f"the bundle is valid: {', '.join(PROFILES)}")
