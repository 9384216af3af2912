import { createHash } from 'node:crypto';
import { ERROR_STATUS } from '@tallylight/protocol/error-catalogue.ts';
import type { OpenApiDocument } from '@tallylight/protocol/openapi/document.ts';
import type { JsonSchema } from '@tallylight/protocol/openapi/json-schemas.ts';
import { REFERENCE_STYLE } from './reference-style.ts';

/** Policy of the page: its own style, known by its hash, and nothing else. */
export const PAGE_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(REFERENCE_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Text that is markup already. */
type Html = { readonly html: string };

/** Markup with its values escaped, unless they are {@link Html} themselves. */
function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const written = values.map((value) => {
    if (typeof value === 'string') return escaped(value);
    return [value]
      .flat()
      .map((each) => each.html)
      .join('');
  });
  return { html: parts.map((part, at) => part + (written[at] ?? '')).join('') };
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** The API as a page to read: no script, no other host. */
export function referencePage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const byTag = [...Map.groupBy(operations, ({ operation }) => String(asArray(operation['tags'])[0]))];
  const schemas = Object.entries(document.components.schemas);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title>
<style>${{ html: REFERENCE_STYLE }}</style>
</head>
<body>
<nav aria-label="Contents">
<p class="brand"><span class="light"></span>${document.info.title} <small>API ${document.info.version}</small></p>
${byTag.map(([tag, entries]) => html`<h2><a href="#tag-${tag}">${titled(tag)}</a></h2><ul>${entries.map(navItem)}</ul>`)}
<h2><a href="#schemas">Schemas</a></h2><ul>${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
<h2><a href="#errors">Errors</a></h2>
</nav>
<main>
<h1>${document.info.title} API</h1>
<p class="lead">${words(document.info.description)}</p>
<p>The same for programs: <a href="/api/openapi.json">OpenAPI 3.1</a>. Make a token in your settings, then:</p>
<pre>curl -H "Authorization: Bearer $TOKEN" https://your-server/api/streams/live</pre>
${byTag.map(([tag, entries]) => html`<h2 id="tag-${tag}">${titled(tag)}</h2>${entries.map(operationSection)}`)}
<h2 id="schemas">Schemas</h2>
${schemas.map(([name, schema]) => html`<section id="schema-${name}"><h3>${name}</h3>${membersTable(schema)}</section>`)}
<h2 id="errors">Errors</h2>
<table><thead><tr><th>Code</th><th>Status</th></tr></thead><tbody>
${Object.entries(ERROR_STATUS).map(([code, status]) => html`<tr><td><code>${code}</code></td><td>${String(status)}</td></tr>`)}
</tbody></table>
</main>
</body>
</html>
`;
  return page.html;
}

/** Text in which names stand between backticks. */
function words(text: unknown): readonly Html[] {
  return String(text)
    .split('`')
    .map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: JsonSchema;
}

function navItem({ path, method, operation }: Entry): Html {
  return html`<li><a href="#${idOf(operation)}"><b class="${method}">${method}</b> ${path.replace('/api', '')}</a></li>`;
}

function operationSection({ path, method, operation }: Entry): Html {
  const parameters = asArray(operation['parameters']).filter(isObject);
  const named = parameters.filter((each) => typeof each['name'] === 'string');
  const body = jsonSchemaOf(operation['requestBody']);
  const responses = isObject(operation['responses']) ? Object.entries(operation['responses']) : [];
  return html`<section id="${idOf(operation)}">
<h3><b class="${method}">${method}</b> <code>${path}</code></h3>
<p><strong>${words(operation['summary'])}.</strong> ${words(operation['description'])}</p>
${named.length === 0 ? [] : html`<h4>Parameters</h4>${parametersTable(named)}`}
${body === undefined ? [] : html`<h4>Body</h4>${membersTable(body)}`}
<h4>Answers</h4>
<table><tbody>${responses.map(([status, response]) => answerRow(status, response))}</tbody></table>
<h4>Example</h4>
<pre>${curlOf(path, method, body !== undefined)}</pre>
</section>`;
}

function parametersTable(parameters: readonly JsonSchema[]): Html {
  return html`<table><tbody>${parameters.map(
    (each) =>
      html`<tr><td><code>${String(each['name'])}</code></td><td>${typeOf(each['schema'])}</td><td>${String(each['in'])}${each['required'] === true ? ', required' : ''}</td></tr>`,
  )}</tbody></table>`;
}

function answerRow(status: string, response: unknown): Html {
  const schema = jsonSchemaOf(response);
  const words = isObject(response) ? String(response['description']).replaceAll('`', '') : '';
  const isSuccess = status.startsWith('2');
  return html`<tr><td><b class="${isSuccess ? 'ok' : 'no'}">${status}</b></td><td>${isSuccess && schema !== undefined ? typeOf(schema) : words}</td></tr>`;
}

function membersTable(schema: JsonSchema): Html {
  const members = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  if (members.length === 0) return html`<p>${typeOf(schema)}</p>`;
  const required = asArray(schema['required']);
  return html`<table><tbody>${members.map(
    ([name, member]) =>
      html`<tr><td><code>${name}</code></td><td>${typeOf(member)}</td><td>${required.includes(name) ? 'required' : ''}</td></tr>`,
  )}</tbody></table>`;
}

/** A schema in few words, with a link where it has a name. */
function typeOf(schema: unknown): Html {
  if (!isObject(schema)) return html`any`;
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const options = asArray(schema['anyOf'] ?? schema['oneOf']);
  if (options.length > 0) return { html: options.map((each) => typeOf(each).html).join(' or ') };
  if (schema['const'] !== undefined) return html`<code>${JSON.stringify(schema['const'])}</code>`;
  if (Array.isArray(schema['enum'])) return html`${schema['enum'].map(String).join(' · ')}`;
  if (schema['type'] === 'array') return html`list of ${typeOf(schema['items'])}`;
  const kind = typeof schema['type'] === 'string' ? schema['type'] : 'any';
  const format = typeof schema['format'] === 'string' ? ` (${schema['format']})` : '';
  return html`${kind}${format}${boundsOf(schema)}`;
}

function boundsOf(schema: JsonSchema): string {
  const [least, most] = [schema['minimum'] ?? schema['minLength'], schema['maximum'] ?? schema['maxLength']];
  // zod's integers have the bounds of a double, which say nothing.
  const bounds = [least, most].filter((each) => typeof each === 'number' && Math.abs(each) < 2 ** 53 - 1);
  const unit = typeof schema['type'] === 'string' && schema['type'] === 'string' ? ' characters' : '';
  if (bounds.length === 2) return `, ${bounds.join('–')}${unit}`;
  if (bounds.length === 1)
    return `, ${bounds[0] === least ? 'at least' : 'at most'} ${String(bounds[0])}${unit}`;
  return '';
}

function curlOf(path: string, method: string, hasBody: boolean): string {
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  const body = hasBody ? ` \\\n  -H "Content-Type: application/json" -d '{…}'` : '';
  return `curl${verb} -H "Authorization: Bearer $TOKEN"${body} \\\n  https://your-server${path}`;
}

function jsonSchemaOf(message: unknown): JsonSchema | undefined {
  if (!isObject(message) || !isObject(message['content'])) return undefined;
  const json = message['content']['application/json'];
  return isObject(json) && isObject(json['schema']) ? json['schema'] : undefined;
}

function idOf(operation: JsonSchema): string {
  return `op-${String(operation['operationId'])}`;
}

function titled(tag: string): string {
  return tag.slice(0, 1).toUpperCase() + tag.slice(1);
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
