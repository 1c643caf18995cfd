"""Three published JavaScript clients, unchanged, in a real browser and on a page of another origin.

`fhir-kit-client` asks for three Node packages, for kept sockets and for logging; the browser has its own of both.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tests.clients.pages import Pages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.conftest import Run

pytestmark = pytest.mark.browser

STANDING_IN = {
    "agentkeepalive": "export default class Agent { static HttpsAgent = Agent }",
    "debug": "export default () => Object.assign(() => {}, {enabled: false})",
    "json-stringify-safe": "export default JSON.stringify",
}
KIT = """
const {Client} = await import("fhir-kit-client");
const client = new Client({baseUrl: BASE, bearerToken: TOKEN});
const status = async (asked) => { try { await asked; return 200; } catch (error) { return error.response.status; } };
const headers = (of, name) => Client.httpFor(of).response.headers.get(name);
const resourceType = "Patient";
const body = {resourceType, identifier: [{system: "urn:example:clients", value: "kit"}], name: [{text: "Kit"}]};

const smart = await client.smartAuthMetadata();
const made = await client.create({resourceType, body});
const where = headers(made, "Location");
const same = await client.create({resourceType, body,
  options: {headers: {"If-None-Exist": "identifier=urn:example:clients|kit"}}});
const read = await client.read({resourceType, id: made.id});
const bundle = {resourceType: "Bundle", type: "transaction", entry: [1, 2, 3, 4, 5].map((n) => ({
  request: {method: "POST", url: "Observation"},
  resource: {resourceType: "Observation", status: "final", code: {text: `kit ${n}`},
    subject: {reference: `Patient/${made.id}`}}}))};
const stored = await client.transaction({body: bundle});
const pages = [];
let page = await client.search({resourceType: "Observation", searchParams: {subject: made.id, _count: 2}});
while (page) { pages.push(page.entry.length); page = await client.nextPage({bundle: page}); }
const posted = await client.search({resourceType: "Observation", searchParams: {subject: made.id},
  options: {postSearch: true}});
const within = await client.search({resourceType: "Observation", compartment: {resourceType, id: made.id}});
const included = await client.search({searchParams: {_type: "Patient", _id: made.id}});
const held = {headers: {"If-Match": headers(read, "ETag")}};
const updated = await client.update({resourceType, id: made.id, body: {...read, active: true}, options: held});
const late = await status(client.update({resourceType, id: made.id, body: {...read, active: false}, options: held}));
const where2 = await client.update({resourceType, searchParams: {identifier: "urn:example:clients|kit"},
  body: {...body, gender: "male"}});
const patched = await client.patch({resourceType, id: made.id,
  jsonPatch: [{op: "replace", path: "/gender", value: "female"}]});
const history = await client.history({resourceType, id: made.id});
const first = await client.vread({resourceType, id: made.id, version: "1"});
const resolved = await client.resolve({reference: `Patient/${made.id}`});
const everything = await client.operation({name: "everything", resourceType, id: made.id, method: "GET"});
const checked = await client.operation({name: "validate", resourceType, input: {resourceType, birthDate: "soon"}});
const wrong = await client.create({resourceType, body: {resourceType, birthDate: "soon"}})
  .catch((error) => error.response);
for (const one of posted.entry) await client.delete({resourceType: "Observation", id: one.resource.id});
await client.delete({resourceType, id: made.id});
const gone = await status(client.read({resourceType, id: made.id}));
client.bearerToken = "wrong";
const stranger = await status(client.read({resourceType, id: made.id}));
return {token: smart.tokenUrl.pathname, where: where === `${BASE}/Patient/${made.id}/_history/1`,
  same: same.id === made.id, read: read.name[0].text, stored: stored.entry.map((one) => one.response.status), pages,
  posted: posted.entry.length, within: within.entry.length, included: included.entry.length, late,
  versions: [updated, where2, patched].map((one) => one.meta.versionId), gender: patched.gender,
  history: history.entry.length, first: first.meta.versionId, resolved: resolved.id === made.id,
  everything: everything.entry.length, checked: checked.issue[0].severity,
  wrong: [wrong.status, wrong.data.issue[0].expression[0]], gone, stranger};
"""
SMART = """
const client = FHIR.client({serverUrl: BASE, tokenResponse: {access_token: TOKEN}});
const resourceType = "Patient";
const identifier = [{system: "urn:example:clients", value: "smart"}];
const made = await client.create({resourceType, identifier, birthDate: "1980-02-03"});
const same = await client.create({resourceType, identifier},
  {headers: {"If-None-Exist": "identifier=urn:example:clients|smart"}});
const {response} = await client.request({url: `Patient/${made.id}`, includeResponse: true});
const subject = {reference: `Patient/${made.id}`};
for (const n of [1, 2, 3, 4, 5])
  await client.create({resourceType: "Observation", status: "final", code: {text: `smart ${n}`}, subject});
const pages = [];
await client.request(`Observation?subject=${made.id}&_count=2`,
  {pageLimit: 0, flat: true, resolveReferences: ["subject"], onPage: (page) => pages.push(page.length)});
const update = (active) => client.request({url: `Patient/${made.id}`, method: "PUT",
  headers: {"Content-Type": "application/fhir+json", "If-Match": response.headers.get("ETag")},
  body: JSON.stringify({...made, active})});
const updated = await update(true);
const late = await update(false).catch((error) => [error.status, String(error).includes("is now at 2")]);
const patched = await client.patch(`Patient/${made.id}`, [{op: "add", path: "/gender", value: "other"}]);
const history = await client.request(`Patient/${made.id}/_history`);
const release = await client.getFhirRelease();
const wrong = await client.create({resourceType, birthDate: "soon"}).catch((error) => String(error));
for (const one of await client.request(`Observation?subject=${made.id}`, {flat: true, pageLimit: 0}))
  await client.delete(`Observation/${one.id}`);
await client.delete(`Patient/${made.id}`);
const gone = await client.request(`Patient/${made.id}`).catch((error) => error.status);
return {same: same.id === made.id, etag: response.headers.get("ETag"), pages,
  versions: [updated, patched].map((one) => one.meta.versionId), late, history: history.entry.length, release,
  wrong: wrong.includes("Patient.birthDate") || wrong, gone};
"""
MEDPLUM = """
const {MedplumClient} = await import("medplum");
const client = new MedplumClient({baseUrl: BASE.replace("fhir", ""), fhirUrlPath: "fhir", accessToken: TOKEN,
  cacheTime: 0, fetch: (url, options) => fetch(url, {...options, credentials: "omit"})});
const failing = (asked) => asked.catch((error) => error.outcome.issue[0]);
const resourceType = "Patient";
const identifier = [{system: "urn:example:clients", value: "medplum"}];
const made = await client.createResource({resourceType, identifier, birthDate: "1980-02-03"});
const same = await client.createResourceIfNoneExist({resourceType, identifier},
  "identifier=urn:example:clients|medplum");
const put = await client.upsertResource({resourceType, identifier, gender: "male"},
  "identifier=urn:example:clients|medplum");
const read = await client.readResource(resourceType, made.id);
const stored = await client.executeBatch({resourceType: "Bundle", type: "batch", entry: [1, 2, 3, 4, 5].map((n) => ({
  request: {method: "POST", url: "Observation"},
  resource: {resourceType: "Observation", status: "final", code: {text: `medplum ${n}`},
    subject: {reference: `Patient/${made.id}`}}}))});
const pages = [];
for await (const page of client.searchResourcePages("Observation", {subject: `Patient/${made.id}`, _count: 2}))
  pages.push(page.length);
const held = {headers: {"If-Match": `W/"${read.meta.versionId}"`}};
const update = (active) => client.updateResource({...read, active}, held);
const updated = await update(true);
const late = await failing(update(false));
const patched = await client.patchResource(resourceType, made.id, [{op: "replace", path: "/gender", value: "other"}]);
const history = await client.readHistory(resourceType, made.id);
const first = await client.readVersion(resourceType, made.id, "1");
const everything = await client.readPatientEverything(made.id);
const wanted = `query Q($id: id!) { Patient(id: $id) { gender
  ObservationList(_reference: subject) { code { text } } } }`;
const graph = (await client.graphql(wanted, "Q", {id: made.id})).data.Patient;
const bulk = await client.bulkExport("Patient", "Observation", undefined, {pollStatusOnAccepted: true});
const lines = (await (await client.download(bulk.output[0].url)).text()).trim().split("\\n").length;
const wrong = await failing(client.createResource({resourceType, birthDate: "soon"}));
for (const one of await client.searchResources("Observation", {subject: `Patient/${made.id}`}))
  await client.deleteResource("Observation", one.id);
await client.deleteResource(resourceType, made.id);
const gone = await failing(client.readResource(resourceType, made.id));
return {same: same.id === made.id, put: put.id === made.id, read: read.gender, pages, late: late.code,
  stored: stored.entry.map((one) => one.response.status),
  versions: [updated, patched].map((one) => one.meta.versionId), history: history.entry.length,
  first: first.meta.versionId, everything: everything.entry.length,
  graph: [graph.gender, graph.ObservationList.length], lines, count: bulk.output[0].count,
  wrong: wrong.expression[0], gone: gone.code};
"""


def importing(**places: str) -> str:
    known = {name.replace("_", "-"): place for name, place in places.items()}
    known |= {name: f"data:text/javascript,{quote(script)}" for name, script in STANDING_IN.items()}
    return f'<script type="importmap">{json.dumps({"imports": known})}</script>'


def test_fhir_kit_client(run: Run, pages: Pages, scripts: dict[str, Path]) -> None:
    pages.library("kit", scripts["fhir-kit-client"])
    found = run(importing(fhir_kit_client="/kit/index.js"), KIT)
    assert found == {
        "token": "/oauth/token", "where": True, "same": True, "read": "Kit", "stored": ["201 Created"] * 5,
        "pages": [2, 2, 1], "posted": 5, "within": 5, "included": 1, "late": 412, "versions": ["2", "3", "4"],
        "gender": "female", "history": 4, "first": "1", "resolved": True, "everything": 6, "checked": "error",
        "wrong": [422, "Patient.birthDate"], "gone": 410, "stranger": 401,
    }  # fmt: skip


def test_the_smart_client_without_a_launch(run: Run, pages: Pages, scripts: dict[str, Path]) -> None:
    pages.library("smart", scripts["smart"])
    found = run('<script src="/smart/fhir-client.js"></script>', SMART)
    assert found == {
        "same": True, "etag": 'W/"1"', "pages": [2, 2, 1], "versions": ["2", "3"], "late": [412, True],
        "history": 3, "release": 4, "wrong": True, "gone": 410,
    }  # fmt: skip


def test_medplum(run: Run, pages: Pages, scripts: dict[str, Path]) -> None:
    pages.library("medplum", scripts["medplum"])
    found: dict[str, Any] = run(importing(medplum="/medplum/index.mjs"), MEDPLUM)
    assert found.pop("lines") == found.pop("count") >= 5
    assert found == {
        "same": True, "put": True, "read": "male", "pages": [2, 2, 1], "stored": ["201 Created"] * 5,
        "versions": ["3", "4"], "late": "conflict", "history": 4, "first": "1", "everything": 6,
        "graph": ["other", 5], "wrong": "Patient.birthDate", "gone": "deleted",
    }  # fmt: skip
