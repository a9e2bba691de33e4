// Reads emails (a JSON object: HTML by name) and writes what caniemail and html-validate say of each.
//
// A line is "caniemail: FEATURE: SUPPORT: CLIENT", SUPPORT being "none", "partial" or "unknown" (its data do not say),
// or "html-validate: RULE: MESSAGE". What is allowed is for the caller to say.
import { readFileSync } from "node:fs";
import { caniemail, rawData } from "caniemail";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

// Where a feature has no entry for a client, caniemail stops with an error: give it one that says so.
const NO_DATA = { none: "u" };
const families = new Set(rawData.data.flatMap((feature) => Object.entries(feature.stats).flatMap(
  ([family, platforms]) => Object.keys(platforms).map((platform) => `${family}.${platform}`))));
for (const { stats } of rawData.data) {
  for (const client of families) {
    const [family, platform] = client.split(".");
    stats[family] ??= {};
    stats[family][platform] ??= NO_DATA;
  }
}
const unknown = (feature, client) => {
  const [family, platform] = client.split(".");
  return rawData.data.find((one) => one.title === feature)?.stats[family][platform] === NO_DATA;
};

const validator = new HtmlValidate(new StaticConfigLoader({ extends: ["html-validate:standard"] }));
const found = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const lines = new Set();
  const { issues } = caniemail({ clients: ["*"], html });
  for (const [client, complaints] of [...issues.errors, ...issues.warnings]) {
    for (const { title, support } of complaints) {
      lines.add(`caniemail: ${title}: ${unknown(title, client) ? "unknown" : support}: ${client}`);
    }
  }
  const report = await validator.validateString(html);
  for (const { ruleId, message } of report.results.flatMap((result) => result.messages)) {
    lines.add(`html-validate: ${ruleId}: ${message}`);
  }
  found[name] = [...lines].sort();
}
process.stdout.write(JSON.stringify(found));
