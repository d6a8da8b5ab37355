import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadError } from '../rest.ts';
import { type Report, REPORT_VERSION } from './create.ts';
import { renderPage } from './page.ts';

export function readReport(file: string): Report {
  let report: Partial<Report>;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Partial<Report>;
  } catch (cause) {
    throw new LoadError(`COMPARE=${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (report.version !== REPORT_VERSION) throw new LoadError(`COMPARE=${file} is not a report of this version of the generator`);
  return report as Report;
}

export function writeReport(dir: string, report: Report, earlier: Report | undefined): { json: string; html: string } {
  const name = join(dir, report.startedAt.replaceAll(':', '-').replace(/\..*$/, ''));
  const files = { json: `${name}.json`, html: `${name}.html` };
  writeFileSync(files.json, `${JSON.stringify(report)}\n`);
  writeFileSync(files.html, renderPage(report, earlier));
  return files;
}
