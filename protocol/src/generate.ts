import { readFile, writeFile } from 'node:fs/promises';
import { buildAsyncApi } from './asyncapi.ts';
import { buildOpenApi } from './openapi.ts';

/** The generated documents by file name; the same input always gives the same bytes. */
export function generateDocuments(version: string): Record<string, string> {
  const print = (document: unknown) => `${JSON.stringify(document, null, 2)}\n`;
  return { 'openapi.json': print(buildOpenApi(version)), 'asyncapi.json': print(buildAsyncApi(version)) };
}

if (import.meta.main) {
  const folder = new URL('../', import.meta.url);
  const { version } = JSON.parse(await readFile(new URL('package.json', folder), 'utf8')) as { version: string };
  for (const [name, content] of Object.entries(generateDocuments(version))) await writeFile(new URL(name, folder), content);
}
