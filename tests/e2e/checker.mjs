// Reads one JSON object a line, {html, isEmail}, and answers each with a line: what html-validate says of it and,
// if it is an email, caniemail: a JSON list of "html-validate: RULE: MESSAGE" and "caniemail: FEATURE: SUPPORT: CLIENT",
// SUPPORT being "none", "partial" or "unknown" (its data do not say). What is allowed is for the caller to say.
import { createInterface } from "node:readline";
import { caniemail, rawData } from "caniemail";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

// Where a feature has no entry for a client, caniemail stops with an error: give it one that says so.
const NO_DATA = { none: "u" };
const clients = new Set(rawData.data.flatMap(({ stats }) => Object.entries(stats).flatMap(
  ([family, platforms]) => Object.keys(platforms).map((platform) => `${family}.${platform}`))));
for (const { stats } of rawData.data) {
  for (const client of clients) {
    const [family, platform] = client.split(".");
    stats[family] ??= {};
    stats[family][platform] ??= NO_DATA;
  }
}
const features = new Map(rawData.data.map((feature) => [feature.title, feature]));
const validator = new HtmlValidate(new StaticConfigLoader({ extends: ["html-validate:standard"] }));

const ofMarkup = async (html) => {
  const { results } = await validator.validateString(html);
  return results.flatMap(({ messages }) => messages)
    .map(({ ruleId, message }) => `html-validate: ${ruleId}: ${message}`);
};

const ofPrograms = (html) => {
  const { issues } = caniemail({ clients: ["*"], html });
  return [...issues.errors, ...issues.warnings].flatMap(([client, found]) => found.map(({ title, support }) => {
    const [family, platform] = client.split(".");
    const isUnknown = features.get(title).stats[family][platform] === NO_DATA;
    return `caniemail: ${title}: ${isUnknown ? "unknown" : support}: ${client}`;
  }));
};

for await (const line of createInterface({ input: process.stdin })) {
  const { html, isEmail } = JSON.parse(line);
  const found = [...(await ofMarkup(html)), ...(isEmail ? ofPrograms(html) : [])];
  process.stdout.write(`${JSON.stringify([...new Set(found)].sort())}\n`);
}
